//! What people can rely on from publish to stream, on the embedded cluster and on Apache Kafka alike.

#[path = "../../examples/chat_service/service.rs"]
mod chat_service;
mod claims;
mod delivery;
mod example;
mod faults;
mod fenced;
mod flawed;
mod flow;
#[expect(dead_code, reason = "the tests of faults use more of it")]
mod node;
mod publishing;
mod resuming;
mod secure;
#[path = "../../examples/chat_service/signature.rs"]
mod signature;
mod signing;
mod sse;
mod topics;
mod world;

/// Makes a test of each function, in a world that `$world` makes.
macro_rules! tests_in {
    ($world:ident; $($module:ident: $($test:ident)*;)*) => {
        mod $world {
            $(mod $module {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    crate::$module::$test(&crate::world::World::$world().await).await;
                })*
            })*
        }
    };
}

macro_rules! on_both {
    ($($both:tt)*) => {
        tests_in! { embedded; $($both)* }
        tests_in! { kafka; $($both)* }
    };
}

on_both! {
    publishing:
        a_published_event_reaches_its_author_as_it_was_sent
        an_event_gets_an_id_when_it_has_none
        case_50_an_event_that_names_another_organization_user_or_remote_is_refused
        an_event_with_a_wrong_envelope_is_refused
        a_record_is_signed_and_has_the_attributes_in_its_headers_and_the_data_alone_as_its_body
        an_event_that_is_sent_again_is_answered_the_same_and_produced_once
        an_id_that_was_given_to_another_event_is_refused_and_not_swallowed
        a_publisher_that_goes_away_leaves_its_event_on_its_way_and_its_repeat_finds_it
        case_69_a_log_that_does_not_answer_is_an_error_and_not_a_loss;
    claims:
        an_event_that_is_sent_again_to_another_instance_is_produced_once
        what_one_instance_failed_to_publish_another_may
        a_claim_of_an_instance_that_is_gone_ends
        without_an_answer_an_event_is_published_and_that_is_counted;
    delivery:
        an_event_reaches_every_stream_of_its_person_and_nobody_else
        an_event_without_user_reaches_everyone_in_its_organization
        a_stream_carries_the_types_it_asked_for
        case_65_a_payload_with_line_ends_and_controls_is_one_event_byte_for_byte
        records_that_cannot_be_routed_are_counted_and_skipped
        case_52_records_that_nobody_signed_who_may_write_them_are_counted_and_skipped
        an_event_in_the_binary_mode_arrives_like_one_in_the_structured_mode
        a_repeated_event_is_delivered_once
        a_topic_declared_later_is_followed;
    example:
        the_example_service_answers_a_question_in_signed_parts;
    resuming:
        case_66_an_id_resumes_on_any_instance_without_gap_or_repeat
        case_66_a_client_that_never_got_an_event_resumes_from_the_opening_id
        case_66_an_id_of_another_organization_or_person_is_refused
        case_66_a_forged_id_is_refused
        case_66_an_id_from_another_log_resets
        older_events_come_from_the_log_itself
        a_client_that_changes_instances_all_the_time_misses_nothing
        a_ping_carries_the_current_position
        a_stream_ahead_of_its_instance_waits_for_it;
    flow:
        case_70_a_slow_reader_is_cut_and_resumes_without_loss
        a_closed_session_ends_its_streams_and_opens_no_more
        closing_a_person_ends_their_streams_only
        shutting_down_ends_every_stream
        streams_per_session_are_limited
        streams_per_organization_and_per_instance_are_limited
        case_76_clients_of_an_instance_that_goes_down_are_told_to_come_back_one_after_the_other
        a_quiet_stream_pings;
}

mod mock {
    tests_in! { embedded;
        resuming:
            case_66_an_id_from_before_the_embedded_cluster_dropped_records_resets;
    }
}

mod real {
    tests_in! { kafka;
        topics:
            case_66_an_id_from_before_a_topic_was_recreated_resets
            case_66_an_expired_id_resets
            open_streams_are_reset_when_a_topic_is_recreated_under_them
            open_streams_are_reset_even_when_a_recreated_topic_is_filled_at_once
            a_partition_added_to_a_topic_is_read_from_its_beginning;
    }
}
