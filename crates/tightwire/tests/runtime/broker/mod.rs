//! What every broker must do, seen from outside: one suite, run on each of them.
//!
//! A test gets a [`System`](system::System) of two nodes. With the broker in memory both are the same server; with Redis
//! they are two servers that share nothing else. What is published on one is read on the other.
//!
//! What only a broker with Redis can do, lose its Redis, is in `failures` and `chaos`.

#[cfg(feature = "redis")]
mod channels;
#[cfg(feature = "redis")]
mod chaos;
#[cfg(feature = "redis")]
mod failures;
mod fences;
mod groups;
mod handlers;
mod keys;
mod model;
mod order;
mod reader;
mod resuming;
mod retention;
#[cfg(feature = "redis")]
mod returning;
pub(crate) mod system;

use self::system::Kind;

/// Runs a test of the suite, where its broker can be had.
fn run<F: Future<Output = ()>>(kind: Kind, test: impl FnOnce(Kind) -> F) {
    if kind.is_available() {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        runtime.worker_threads(2).enable_all().build().expect("a runtime").block_on(test(kind));
    }
}

/// The tests of the suite, once for each broker.
macro_rules! suite {
    ($($module:ident: $($test:ident)*;)*) => {
        mod memory {
            $($(
                #[test]
                fn $test() {
                    super::run(super::Kind::Memory, super::$module::$test);
                }
            )*)*
        }

        #[cfg(feature = "redis")]
        mod redis {
            $($(
                #[test]
                fn $test() {
                    super::run(super::Kind::Redis, super::$module::$test);
                }
            )*)*
        }
    };
}

suite! {
    order:
        positions_are_dense_and_the_same_everywhere
        everyone_sees_the_order_of_each_publisher
        many_topics_have_positions_of_their_own
        what_is_not_kept_has_no_position
        who_is_not_subscribed_gets_nothing
        who_is_told_to_be_subscribed_misses_nothing;
    resuming:
        what_was_missed_comes_first
        what_cannot_be_replayed_is_a_gap
        nothing_is_lost_or_doubled_while_frames_keep_arriving
        pages_follow_one_another_on_any_node
        the_application_reads_what_was_published;
    retention:
        only_so_many_frames_are_kept
        only_so_many_bytes_are_kept
        frames_are_kept_for_so_long;
    handlers:
        what_a_frame_causes_is_correlated_with_it
        what_a_handler_publishes_comes_before_its_reply
        a_reply_that_subscribes_says_where_frames_go_on;
    groups:
        a_group_is_reached_on_every_node;
    keys:
        a_request_that_comes_twice_publishes_once
        requests_that_come_at_once_publish_once;
    fences:
        who_was_taken_over_from_publishes_nothing
        a_fence_is_around_one_name_of_one_topic
        nothing_comes_after_a_takeover;
    model:
        histories_are_what_the_model_says;
}
