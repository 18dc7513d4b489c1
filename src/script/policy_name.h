/* policy_name.h -- Where both sides look for a policy by name. */
#ifndef OL_SCRIPT_POLICY_NAME_H
#define OL_SCRIPT_POLICY_NAME_H

/* Go's own rules: needs no policy at all. */
#define OL_POLICY_GO "go"

/* Of the library's, below lua/, and as modules. */
#define OL_POLICY_FOLDER "lab/policy/"
#define OL_POLICY_MODULE "lab.policy."

#endif
