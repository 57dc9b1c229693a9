"""A server of thermostat.yml that has nothing of this toolkit in it: Python and the package `websockets`.

    thermostat.py [--port PORT] [--bug BUG]

It prints the port that it listens at. With `--bug` it has one fault, for a fuzzer to find.
"""

import argparse
import asyncio
import json
import os
import re

from websockets.asyncio.server import serve

BUGS = {
    "crash-on-empty-name": "an empty name raises an exception, and the connection closes with 1011",
    "dies-on-a-long-name": "a name of 40 characters ends the process",
    "wrong-type": "the value of a reading in fahrenheit is a string",
    "missing-correlation": "a target that is a whole number is confirmed without `req`",
    "wrong-correlation": "a reading has the `req` of the one before",
    "accepts-out-of-range": "the upper bound of a target is not checked",
    "accepts-unknown-unit": "the unit is not checked",
    "late-reply": "a reading in fahrenheit takes most of a second",
    "no-reply": "a reading in fahrenheit is never answered",
    "answers-twice": "an empty name is confirmed twice",
    "off-by-one": "a room of 16 characters closes the connection with 1008",
    "wrong-close-code": "text that is not JSON closes the connection with 1000",
}


class Refused(Exception):
    """What was sent does not follow the contract."""


def number(value):
    # In Python, True is an int.
    return isinstance(value, (int, float)) and not isinstance(value, bool)


class Connection:
    def __init__(self, socket, bug):
        self.socket = socket
        self.bug = bug
        self.before = 0

    async def run(self):
        await self.send({"op": "hello", "version": "1.0.0"})
        async for text in self.socket:
            frame = None
            try:
                frame = self.parse(text)
                await self.handle(frame)
            except Refused as why:
                if self.bug == "wrong-close-code" and frame is None:
                    return await self.socket.close(1000)
                answer = {"op": "error", "reason": str(why)}
                if isinstance(frame, dict) and self.is_req(frame.get("req")):
                    answer["req"] = int(frame["req"])
                await self.send(answer)

    async def send(self, frame):
        await self.socket.send(json.dumps(frame))

    def parse(self, text):
        def once(pairs):
            if len({key for key, _ in pairs}) < len(pairs):
                raise Refused("a key stands twice")
            return dict(pairs)

        def refuse(constant):
            raise Refused(f"{constant} is not JSON")

        if not isinstance(text, str):
            raise Refused("binary messages mean nothing here")
        try:
            frame = json.loads(text, object_pairs_hook=once, parse_constant=refuse)
            # A half of a character is none.
            json.dumps(frame, ensure_ascii=False).encode()
            return frame
        except (ValueError, RecursionError) as error:
            raise Refused(f"not JSON: {error}") from None

    @staticmethod
    def is_req(value):
        return number(value) and value == int(value) and 1 <= value <= 2147483647

    def room(self, value):
        if not isinstance(value, str) or not re.fullmatch("[a-z0-9-]{1,16}", value):
            raise Refused("no such room")

    def expect(self, frame, required, optional=()):
        missing = [key for key in required if key not in frame]
        unknown = [key for key in frame if key not in {"op", *required, *optional}]
        if missing or unknown:
            raise Refused(f"missing: {missing}, unknown: {unknown}")
        if "req" in required and not self.is_req(frame["req"]):
            raise Refused("req is a number from 1")
        if "room" in required:
            self.room(frame["room"])

    async def handle(self, frame):
        if not isinstance(frame, dict) or not isinstance(frame.get("op"), str):
            raise Refused("an object with an op was expected")
        handler = {"set_target": self.set_target, "rename": self.rename, "read": self.read, "watch": self.watch}
        if frame["op"] not in handler:
            raise Refused("there is no such op")
        await handler[frame["op"]](frame)

    async def set_target(self, frame):
        self.expect(frame, ["req", "room", "celsius"])
        celsius = frame["celsius"]
        if not number(celsius) or celsius < 5 or (celsius > 30 and self.bug != "accepts-out-of-range"):
            raise Refused("celsius is a number from 5 to 30")
        answer = {"op": "target_set", "req": int(frame["req"]), "room": frame["room"], "celsius": min(celsius, 30)}
        if self.bug == "missing-correlation" and celsius == int(celsius):
            del answer["req"]
        await self.send(answer)

    async def rename(self, frame):
        self.expect(frame, ["req", "room", "name"])
        name = frame["name"]
        if not isinstance(name, str) or len(name) > 40:
            raise Refused("name is a text of at most 40 characters")
        if self.bug == "crash-on-empty-name":
            name = name[0].upper() + name[1:]
        if self.bug == "dies-on-a-long-name" and len(name) == 40:
            os._exit(1)
        if self.bug == "off-by-one" and len(frame["room"]) == 16:
            await self.socket.close(1008, "that name is too long")
        for _ in range(2 if self.bug == "answers-twice" and name == "" else 1):
            await self.send({"op": "renamed", "req": int(frame["req"]), "name": name})

    async def read(self, frame):
        self.expect(frame, ["req", "room"], ["unit"])
        unit = frame.get("unit", "celsius")
        if unit not in ("celsius", "fahrenheit"):
            if self.bug != "accepts-unknown-unit":
                raise Refused("unit is celsius or fahrenheit")
            unit = "celsius"
        value = 20.5 if unit == "celsius" else 68.9
        if unit == "fahrenheit":
            if self.bug == "late-reply":
                await asyncio.sleep(0.8)
            if self.bug == "no-reply":
                return
            if self.bug == "wrong-type":
                value = str(value)
        req = int(frame["req"])
        if self.bug == "wrong-correlation" and self.before not in (0, req):
            req, self.before = self.before, req
        else:
            self.before = req
        await self.send({"op": "reading", "req": req, "unit": unit, "value": value})

    async def watch(self, frame):
        self.expect(frame, ["rooms"])
        rooms = frame["rooms"]
        if not isinstance(rooms, list) or len(rooms) > 4:
            raise Refused("rooms are at most four")
        for room in rooms:
            self.room(room)
        if len(set(rooms)) < len(rooms):
            raise Refused("a room stands twice")


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--bug", choices=sorted(BUGS))
    arguments = parser.parse_args()

    async def handler(socket):
        await Connection(socket, arguments.bug).run()

    async with serve(handler, "127.0.0.1", arguments.port) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


asyncio.run(main())
