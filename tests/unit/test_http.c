/* test_http.c -- Who is served, what is understood, and what is answered: the pure half of http/.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http_answers_tests.h"
#include "http_arguments_tests.h"
#include "http_form_tests.h"
#include "http_guard_tests.h"
#include "http_metrics_tests.h"
#include "http_routes_tests.h"
#include "http_systemd_tests.h"

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_and_names_that_nobody_can_rebind_are_served),
		cmocka_unit_test(every_other_host_is_refused_and_told_how_to_be_allowed),
		cmocka_unit_test(a_hostile_host_is_shown_cut_and_without_its_control_characters),
		cmocka_unit_test(a_host_is_demanded_of_http_1_1_only),
		cmocka_unit_test(a_page_of_the_same_origin_may_ask),
		cmocka_unit_test(a_page_of_another_origin_may_not),
		cmocka_unit_test(another_sites_page_may_link_to_the_page_and_nothing_else),
		cmocka_unit_test(the_token_is_taken_as_bearer_or_as_a_password),
		cmocka_unit_test(no_other_token_is_taken),
		cmocka_unit_test(without_a_token_of_ours_none_is_asked_for),
		cmocka_unit_test(the_token_excuses_neither_a_foreign_host_nor_a_foreign_page),
		cmocka_unit_test(base64_is_read_one_way_only),
		cmocka_unit_test(a_size_is_what_the_command_line_takes_for_one),
		cmocka_unit_test(a_size_that_is_none_is_told_in_one_line),
		cmocka_unit_test(what_is_missing_is_shown_by_an_example),
		cmocka_unit_test(an_argument_is_given_once),
		cmocka_unit_test(an_unknown_argument_is_named_with_the_nearest),
		cmocka_unit_test(a_nul_within_a_name_or_a_value_is_seen),
		cmocka_unit_test(defaults_stand_where_nothing_was_given),
		cmocka_unit_test(every_type_takes_what_it_is_and_nothing_else),
		cmocka_unit_test(what_was_expected_is_told_with_its_limits_and_choices),
		cmocka_unit_test(a_text_has_a_longest_length),
		cmocka_unit_test(arguments_are_counted_and_a_refusal_leaves_the_values_alone),
		cmocka_unit_test(a_form_is_its_names_and_texts_decoded),
		cmocka_unit_test(what_is_shown_is_cut_and_has_nothing_invisible),
		cmocka_unit_test(add_answers_as_it_always_did),
		cmocka_unit_test(rel_answers_as_it_always_did),
		cmocka_unit_test(gc_stats_and_reset_answer_statistics_alone),
		cmocka_unit_test(values_of_every_type_are_told_and_unset_ones_are_not),
		cmocka_unit_test(an_answer_of_nothing_is_empty),
		cmocka_unit_test(an_answer_is_one_line_for_people),
		cmocka_unit_test(an_answer_that_does_not_fit_is_an_error_at_every_size),
		cmocka_unit_test(the_largest_statistics_fit_their_buffers_and_less_is_cut),
		cmocka_unit_test(statistics_are_the_same_json_by_both_ways),
		cmocka_unit_test(json_is_told_to_those_who_prefer_it),
		cmocka_unit_test(everybody_else_gets_text),
		cmocka_unit_test(an_endless_accept_is_read_so_far),
		cmocka_unit_test(openmetrics_is_told_to_those_who_name_it),
		cmocka_unit_test(a_path_is_found_with_and_without_json),
		cmocka_unit_test(nothing_else_is_found),
		cmocka_unit_test(the_longest_path_is_found_too),
		cmocka_unit_test(a_script_may_take_ping_and_no_other_path_of_ours),
		cmocka_unit_test(an_unknown_path_is_told_the_nearest_and_all_there_are),
		cmocka_unit_test(the_most_routes_there_can_be_fit_the_table_and_the_refusal),
		cmocka_unit_test(methods_are_those_of_the_route),
		cmocka_unit_test(the_document_has_every_path_with_all_its_answers),
		cmocka_unit_test(the_document_says_what_arguments_are),
		cmocka_unit_test(every_reference_of_the_document_leads_somewhere),
		cmocka_unit_test(each_fact_has_its_line_in_base_units),
		cmocka_unit_test(what_is_off_or_not_known_is_no_number),
		cmocka_unit_test(label_values_are_escaped_and_are_utf8),
		cmocka_unit_test(families_are_described_once_above_their_samples),
		cmocka_unit_test(the_largest_metrics_fit_and_less_room_is_an_error),
		cmocka_unit_test(requests_are_counted_by_a_few_groups),
		cmocka_unit_test(one_listening_stream_socket_is_taken_and_nothing_else),
		cmocka_unit_test(a_service_manager_hears_of_our_state),
		cmocka_unit_test(a_service_managers_socket_may_be_a_file),
		cmocka_unit_test(without_a_service_manager_nobody_is_told),
	};
	return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
