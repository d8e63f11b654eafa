import { signingSuite } from './session/suite.ts';
import { suiteCompliance } from './testkit.ts';
import { verifyingSuite } from './verify/suite.ts';

suiteCompliance(signingSuite.id, { verifying: verifyingSuite, signing: signingSuite });
