//! What goes wrong in a run: which fault comes when, and for whom, follows from the seed.

use std::time::Duration;

use tightwire_testbed::Direction;
use tokio::time::{Instant, sleep};

use crate::dice::Dice;
use crate::stage::Stage;

/// What happens to Redis, or between it and a node, for the length of an outage. Nothing is lost by it.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// Redis goes down and comes back with its data.
    Stopped,
    /// Redis is killed and comes back with its data.
    Killed,
    /// Redis does nothing at all, and nobody is told.
    Paused,
    /// A node's connections are reset, and it gets no new ones.
    Cut,
    /// Nothing of what a node and Redis say to each other arrives before it is over.
    Stalled,
    /// What a node says does not arrive, its connections are reset, and then what it had said arrives after all.
    Late,
}

const FAULTS: [Fault; 6] = [Fault::Stopped, Fault::Killed, Fault::Paused, Fault::Cut, Fault::Stalled, Fault::Late];

/// Faults of Redis and crashes of nodes, side by side: each at least once, and as many as there is time for.
pub(crate) async fn all(stage: &Stage) {
    let until = Instant::now() + stage.scale.duration;
    let dice = |number: usize| Dice::new(stage.scale.seed, 3000 + number);
    let (mut of_redis, mut of_nodes) = (dice(0), dice(1));
    tokio::join!(faults_of_redis(stage, &mut of_redis, until), crashes(stage, &mut of_nodes, until));
}

async fn faults_of_redis(stage: &Stage, dice: &mut Dice, until: Instant) {
    let mut is_first_round = true;
    while is_first_round || Instant::now() < until {
        let mut faults = FAULTS.to_vec();
        while !faults.is_empty() && (is_first_round || Instant::now() < until) {
            rest(stage, dice).await;
            let fault = faults.swap_remove(dice.roll(faults.len() as u64) as usize);
            suffer(stage, fault, dice.roll(stage.nodes() as u64) as usize).await;
        }
        is_first_round = false;
    }
}

async fn crashes(stage: &Stage, dice: &mut Dice, until: Instant) {
    loop {
        rest(stage, dice).await;
        let node = dice.roll(stage.nodes() as u64) as usize;
        say(stage, &format!("node {node} is killed"));
        stage.kill(node);
        sleep(stage.scale.outage).await;
        stage.revive(node).await;
        say(stage, &format!("node {node} is back"));
        if Instant::now() >= until {
            return;
        }
    }
}

async fn suffer(stage: &Stage, fault: Fault, node: usize) {
    let (outage, link) = (stage.scale.outage, stage.link(node));
    let on = if matches!(fault, Fault::Cut | Fault::Stalled | Fault::Late) {
        format!(" to node {node}")
    } else {
        String::new()
    };
    say(stage, &format!("{fault:?}{on}"));
    match fault {
        Fault::Stopped => {
            stage.redis(|redis| redis.stop());
            sleep(outage).await;
            stage.redis(|redis| redis.start_again());
        }
        Fault::Killed => {
            stage.redis(|redis| redis.kill());
            sleep(outage).await;
            stage.redis(|redis| redis.start_again());
        }
        Fault::Paused => {
            stage.redis(|redis| redis.pause());
            sleep(outage).await;
            stage.redis(|redis| redis.resume());
        }
        Fault::Cut => {
            link.cut();
            sleep(outage).await;
            link.heal();
        }
        Fault::Stalled => {
            link.stall_both();
            sleep(outage).await;
            link.heal();
        }
        Fault::Late => {
            link.stall(Direction::ToServer);
            sleep(outage / 2).await;
            link.detach();
            sleep(outage / 2).await;
            tokio::task::block_in_place(|| link.deliver_late());
        }
    }
    say(stage, &format!("{fault:?} is over"));
}

/// All is well for a while.
async fn rest(stage: &Stage, dice: &mut Dice) {
    let outage = stage.scale.outage.as_millis() as u64;
    sleep(Duration::from_millis(outage / 4 + dice.roll(outage / 2 + 1))).await;
}

#[expect(clippy::print_stdout, reason = "what happened, for whoever looks for the reason of a violation")]
fn say(stage: &Stage, what: &str) {
    println!("{:>8.3} s: {what}; {}", stage.begun.elapsed().as_secs_f64(), stage.doings);
}
