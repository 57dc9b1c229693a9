"""Has contracts verified by pact-python: every example fulfils its interaction, and another frame does not.

It knows one reply per request, so it gets what `tightwire contract flatten` writes: `verify.py FLATTENED...`.
"""

import contextlib
import copy
import json
import os
import sys
from pathlib import Path

from pact import Verifier


@contextlib.contextmanager
def silence():
    """Keeps what the verifier's library and its servers print by themselves from the terminal."""
    sys.stdout.flush()
    sys.stderr.flush()
    terminal, nothing = [os.dup(1), os.dup(2)], os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    try:
        yield
    finally:
        for number, file in enumerate(terminal, start=1):
            os.dup2(file, number)
            os.close(file)
        os.close(nothing)


def answer(interaction):
    """The frame that the provider sends."""
    message = interaction["response"][0] if "response" in interaction else interaction
    return message["contents"]["content"]


def verify(path, provider, frames):
    """The interactions that these frames do not fulfil, and what pact-python says about them."""

    def produce(name):
        return {"contents": json.dumps(frames[name]).encode(), "metadata": None, "content_type": "application/json"}

    verifier = Verifier(provider).add_source(path).message_handler(produce)
    verifier.state_handler(lambda state, action, parameters: None, teardown=True)
    verifier.set_coloured_output(enabled=False)
    # It raises where something is not fulfilled; the results say what.
    with silence(), contextlib.suppress(RuntimeError):
        verifier.verify()
    # `Verifying a pact between … and … Given … - description`
    failed = [error["interaction"] for error in verifier.results["errors"]]
    names = [name for name in frames if any(title.endswith(f" - {name}") for title in failed)]
    assert len(names) == len(failed), failed
    return names, verifier.output(strip_ansi=True)


def main():
    wrong = False
    for path in map(Path, sys.argv[1:]):
        pact = json.loads(path.read_text())
        examples = {interaction["description"]: answer(interaction) for interaction in pact["interactions"]}
        others = copy.deepcopy(examples)
        for frame in others.values():
            frame["type"] = "something_else"
        failed, output = verify(path, pact["provider"]["name"], examples)
        refused, _ = verify(path, pact["provider"]["name"], others)
        if failed:
            print(output)
        missed = sorted(examples.keys() - set(refused))
        for description in missed:
            print(f"{description}: another frame is accepted")
        count = len(examples)
        print(f"{path.name}: {count - len(failed)} of {count} examples fulfil their interaction, "
              f"{count - len(missed)} of {count} other frames are refused")
        wrong = wrong or bool(failed or missed or not examples)
    sys.exit(1 if wrong or len(sys.argv) < 2 else 0)


main()
