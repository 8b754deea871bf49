import { inOrder } from './locate.ts';
import { recipes } from './recipes.ts';
import type { ToolName } from './tool-names.ts';

/**
 * About how long `go build` takes for each program from nothing, in seconds, on two cores. Only their proportions matter: they decide what
 * is built first. LocalStack and aws are installed beside the Go builds and hold none of them up.
 */
const TYPICAL_BUILD_S: Readonly<Partial<Record<ToolName, number>>> = {
  'nats-server': 55,
  nats: 26,
  etcd: 27,
  'kube-apiserver': 314,
  'kube-controller-manager': 65,
  kubectl: 90,
  velero: 306,
  'velero-plugin-for-aws': 240,
  coredns: 142,
  kind: 40,
  prometheus: 240,
};

/**
 * The programs in the order in which they are built: first those of the wish that lacks the least work, then those of the wish that lacks
 * the least beyond these, and so on. A wish is what one contract needs; its drills begin when all of it is there.
 */
export function inBuildOrder(
  wishes: readonly (readonly ToolName[])[],
  missing: readonly ToolName[],
): readonly ToolName[] {
  const ordered = new Set<ToolName>();
  const left = wishes.map((wish) => inOrder(wish).filter((name) => missing.includes(name)));
  const workIn = (wish: readonly ToolName[]) =>
    wish.filter((name) => !ordered.has(name)).reduce((sum, name) => sum + workOf(name), 0);
  while (left.length > 0) {
    const next = left.reduce((best, wish) => (workIn(wish) < workIn(best) ? wish : best));
    left.splice(left.indexOf(next), 1);
    for (const name of next) ordered.add(name);
  }
  return [...ordered];
}

const workOf = (name: ToolName): number => (recipes[name].kind === 'go' ? (TYPICAL_BUILD_S[name] ?? 60) : 0);
