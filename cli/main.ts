import { awake } from '../telemetry/awake.ts';
import { outliveReaders } from './closed-reader.ts';
import { runCommandLine } from './command-line.ts';
import { processRuntime } from './runtime.ts';

outliveReaders([process.stdout, process.stderr]);
await awake(runCommandLine(process.argv.slice(2), processRuntime()));
