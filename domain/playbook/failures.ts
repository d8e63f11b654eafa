import type { FailureTable } from '../errors/failure.ts';

/** Why a playbook is refused when it is loaded, each time with file, line, column and field; or cannot be planned with these inputs. */
export const playbookFailures = {
  'input.playbook-file': {
    meaning: 'The file is too large, empty, not UTF-8, or holds a NUL.',
    remedy: 'Write at most 256 KiB of UTF-8 text; split a larger plan into sub-playbooks.',
  },
  'input.playbook-yaml': {
    meaning: 'The text is not the plain part of YAML that playbooks are written in.',
    remedy:
      'Indent with spaces, write each key once, and use no anchors, aliases, tags, merge keys or second document.',
  },
  'input.playbook-schema': {
    meaning: 'A field is missing, unknown, or holds something else than it should.',
    remedy: 'Compare with docs/playbooks/writing.md; an editor that knows the published schema marks the place.',
  },
  'input.playbook-name': {
    meaning: 'A name is used twice, or is a word that expressions need for themselves.',
    remedy: 'Give every step, input and variable a name of its own.',
  },
  'input.playbook-expression': {
    meaning: 'A condition or computed value is not the bounded CEL that playbooks may use, or has another type.',
    remedy: 'The message names the place; whole numbers, the listed functions and at most two loops are allowed.',
  },
  'input.playbook-unresolved': {
    meaning: 'A name is used where it has no value on every path that leads there.',
    remedy: 'Declare it, give it an initial value, or move the use behind the step that sets it.',
  },
  'input.playbook-unreachable': {
    meaning: 'A step can never be executed, or a condition never decides anything.',
    remedy: 'Remove the step, or mend the condition or `end` before it.',
  },
  'input.playbook-write-conflict': {
    meaning: 'Branches that run at the same time set, or set and read, the same variable.',
    remedy: 'Let each branch set a variable of its own and compare them after the join.',
  },
  'input.playbook-capability': {
    meaning: 'The playbook needs an action, process, probe, channel or playbook that this installation does not offer.',
    remedy: 'Mend the name, or configure the plug-in that offers it.',
  },
  'input.playbook-argument': {
    meaning: 'An argument is missing, unknown, or has another type than its taker expects.',
    remedy: 'The message lists what the taker expects.',
  },
  'input.playbook-effect': {
    meaning: 'A step claims a weaker effect than it has, or its undoing or retries do not fit its effect.',
    remedy: 'Declare the effect of the catalogue; reversible steps name a compensation, irreversible ones none.',
  },
  'input.playbook-unbounded': {
    meaning: 'A loop has no bound, or loops inside each other may run too often.',
    remedy: 'Give `repeat` a `times` and `forEach` an `atMost`; together at most 10,000 executions of a step.',
  },
  'input.playbook-pattern': {
    meaning: 'A pattern is not RE2, repeats inside a repetition, or is not a fixed text.',
    remedy: 'Write a pattern without back references, look-around and nested repetition.',
  },
  'input.playbook-structure': {
    meaning: 'Parts of the playbook do not fit together: a join, a time, an end, or what an approval covers.',
    remedy: 'The message names both parts.',
  },
  'input.playbook-input': {
    meaning:
      'An input that was given is unknown, missing, has another type, or names a validator that the network does not have.',
    remedy: 'Give every required input as --input name=value; the playbook lists them.',
  },
  'policy.playbook-approval': {
    meaning: 'An irreversible step can be reached without an approval of exactly what it will do.',
    remedy: 'Put an approval that covers the step before it, on every path and in the same round of a loop.',
  },
  'policy.playbook-quorum': {
    meaning: 'The committee of today cannot give the approval, or the playbook asks for less than its threshold.',
    remedy:
      'Ask for no less than the threshold of the class and no more than there are seats; thresholds change only by a signed next epoch.',
  },
  'policy.endorsement-committee': {
    meaning: 'The signatures under a playbook are for another network, environment or committee.',
    remedy:
      'Let the present committee sign the playbook for this network, `firebreak playbook sign` with --chain after a hand-over; signatures do not carry over, and an api takes new ones within half a minute.',
  },
  'policy.endorsement-plan': {
    meaning: 'The signed plan is another one than this playbook compiles to.',
    remedy: 'Compare the two with `firebreak playbook diff`; what was edited after signing has to be signed again.',
  },
  'policy.endorsement-quorum': {
    meaning: 'Too few seats of the committee have signed the playbook.',
    remedy: 'Collect more signatures with `firebreak playbook sign`; a playbook takes the change quorum.',
  },
} as const satisfies FailureTable;
export type PlaybookFailureCode = keyof typeof playbookFailures;
