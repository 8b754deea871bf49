import type { AccessDecider } from './access.ts';
import type { Statement } from './policy-document.ts';
import type { CatalogueAction, WriterScope } from './requests.ts';
import type { PolicySimulator } from './simulator.ts';

/** Services whose actions can end backups or raise their caller's rights. They come first. */
const DANGEROUS = [
  'iam',
  'kms',
  'ec2',
  'sts',
  'backup',
  'rds',
  'dynamodb',
  'organizations',
  'cloudtrail',
  'secretsmanager',
];

/** Finds actions of services besides S3 that a statement allows, or that the writer needs. */
export async function otherServiceActions(
  access: AccessDecider,
  statements: readonly Statement[],
  scopes: readonly WriterScope[],
  needed: readonly string[],
  simulator: PolicySimulator,
  signal: AbortSignal,
): Promise<readonly CatalogueAction[]> {
  const allows = statements.filter(({ effect }) => effect === 'Allow');
  const ofScopes = scopes.flatMap(({ may }) => may);
  const named = [...allows.flatMap(({ actions, isNotAction }) => (isNotAction ? [] : actions)), ...ofScopes, ...needed];
  const services = new Set(named.map(serviceOf).filter((service) => service !== 's3' && !/[*?]/.test(service)));
  const found: CatalogueAction[] = [];
  for (const service of services) {
    signal.throwIfAborted();
    const entries = await simulator.catalogue(service);
    found.push(
      ...entries.filter(
        ({ action }) => ofScopes.includes(action) || allows.some((each) => access.matchesAction(each, action)),
      ),
    );
  }
  const isOpen = allows.filter(
    ({ actions, isNotAction }) => isNotAction || actions.some((each) => /[*?]/.test(serviceOf(each))),
  );
  if (isOpen.length === 0) return found;
  // One action per service is enough to show that it is open.
  for (const service of new Set([...DANGEROUS, ...simulator.services])) {
    if (service === 's3' || services.has(service)) continue;
    signal.throwIfAborted();
    const entries = await simulator.catalogue(service);
    const open = entries.filter(({ action }) => isOpen.some((each) => access.matchesAction(each, action)));
    const worst =
      open.find(({ action }) => /:(Delete|Schedule|Create|Put)/.test(action)) ??
      open.find(({ isReading }) => !isReading) ??
      open[0];
    if (worst !== undefined) found.push(worst);
  }
  return found;
}

/** Finds allowed actions that no published list contains: IAM ignores the name, or it is newer than the list. */
export async function unpublishedActions(
  statements: readonly Statement[],
  simulator: PolicySimulator,
): Promise<readonly string[]> {
  const unknown: string[] = [];
  for (const { name, actions, effect, isNotAction } of statements) {
    if (effect !== 'Allow' || isNotAction) continue;
    for (const action of actions.filter((each) => !/[*?]/.test(each))) {
      const service = serviceOf(action);
      if (!simulator.services.includes(service)) continue;
      const entries = await simulator.catalogue(service);
      if (!entries.some((entry) => entry.action.toLowerCase() === action.toLowerCase())) {
        unknown.push(`what ${action} in ${name} allows (${service} publishes no action of that name)`);
      }
    }
  }
  return unknown;
}

/** Finds statements about services without a published list; their effect is undecided. */
export function unknownServices(statements: readonly Statement[], simulator: PolicySimulator) {
  return statements
    .filter(({ effect, isNotAction }) => effect === 'Allow' && !isNotAction)
    .flatMap(({ name, actions }) =>
      [...new Set(actions.map(serviceOf))]
        .filter((service) => !/[*?]/.test(service) && !simulator.services.includes(service))
        .map((service) => ({ name, service })),
    );
}

const serviceOf = (action: string): string => action.split(':', 1)[0]?.toLowerCase() ?? '';
