import type { FailureTable } from '../domain/errors/failure.ts';

export const apiFailures = {
  'input.api-file': {
    meaning: 'api.toml, or a file or folder that it names, cannot be read.',
    remedy: 'Give the right path; `firebreak api init` writes a good one.',
  },
  'input.api-syntax': {
    meaning: 'api.toml is not TOML.',
    remedy: 'Mend the text at the line and column that the message names.',
  },
  'input.api-secret': {
    meaning: 'The environment variable that should hold the API key of the Temporal cluster is not set.',
    remedy: 'Set the variable for this process; the key never stands in the file.',
  },
  'input.api-playbook': {
    meaning:
      'No playbook in the folder of api.toml can be loaded, a source names one that is not there, or playbooks.inputs an input that it does not have or could not begin with.',
    remedy:
      '`firebreak playbook validate` shows every problem of a playbook, and its text its inputs; correct it, the list of the source, or playbooks.inputs.',
  },
  'input.api-tls': {
    meaning:
      'The certificate or the key of listen.tls, or the file of issuers of client certificates, cannot be read or used.',
    remedy:
      'The message names the file. Certificate and key are PEM and belong together; the key is readable by its owner only (chmod 0400).',
  },
  'conflict.api-exists': {
    meaning: '`api init` was asked to write where an api.toml or a secret lies already.',
    remedy: 'Nothing was changed. Choose another folder, or move the old files away.',
  },
  'unavailable.api-listen': {
    meaning: 'The address of the api or of its metrics cannot be listened on.',
    remedy: 'Stop the program that has the port, or change listen.port or metrics.port.',
  },
  'unavailable.alert-store': {
    meaning:
      'An alert could not be recorded, because Temporal did not say that it has it. The sender was told to try again.',
    remedy:
      'See that Temporal runs and is reachable. Whether the alert was recorded after all does not matter: a repeat joins.',
  },
  'policy.reader-unauthenticated': {
    meaning: 'Somebody asked for incidents without the bearer token of a reader, or with a wrong one.',
    remedy: 'Name a reader in api.toml (`[readers.<name>]`) and give its token in the header `authorization`.',
  },
  'input.incident-unknown': {
    meaning: 'There is no incident of this name, or what is asked for is no name of one.',
    remedy: 'GET /v1/incidents lists them; the whole id goes into the path, its slashes as %2F.',
  },
  'input.alert-source': {
    meaning: 'A delivery names a source that api.toml does not have.',
    remedy: 'Correct the address at the sender: it ends in the name of the source.',
  },
  'bug.alert-source': {
    meaning: 'The plug-in of a source threw, or gave what is no verdict. Nothing of that delivery was recorded.',
    remedy:
      'Tell the author of the plug-in, who finds it with the compliance suite of alert sources. What it said is not logged: it may quote a secret.',
  },
  'input.alert-size': {
    meaning: 'The body of a delivery is larger than limits.body_bytes_max.',
    remedy: 'Let the sender make smaller groups, or raise the limit.',
  },
  'policy.alert-rate': {
    meaning: 'A source, or an address without a right credential, sent more than its limit. Nothing was recorded.',
    remedy: 'The sender tries again after the time in Retry-After. Raise deliveries_per_minute if the storm is real.',
  },
} as const satisfies FailureTable;
export type ApiFailureCode = keyof typeof apiFailures;
