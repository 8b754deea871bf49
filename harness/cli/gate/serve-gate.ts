import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { isIPv6 } from 'node:net';
import type { GateDecision } from '../../evidence/gate/decision.ts';
import { renderGateText, titleOf } from '../../evidence/gate/render-text.ts';
import { summaryOf } from '../../model/errors.ts';
import { consoleToStderr } from '../../process/console-to-stderr.ts';
import type { CommandIo } from '../command-io.ts';
import { InterruptedError } from '../interruption.ts';
import { type Asked, askGate, type LoadPromises } from './ask-gate.ts';
import type { ServeAddress } from './gate-options.ts';

// Serves the same answer over HTTP, for analysis runs, promotion hooks and status checks. It reads, and changes nothing.

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/;
const WIDTH = 100;

/**
 * Listens until a signal of the operating system ends it, which is the normal end of a server.
 * @throws when the address cannot be used, and when anything but such a signal ended it.
 */
export async function serveGate(address: ServeAddress, asked: Asked, io: CommandIo, load: LoadPromises): Promise<void> {
  // Requests are handled in sequence: a decision reads the whole ledger.
  let last: Promise<unknown> = Promise.resolve();
  const ask: AskAgain = (wanted) => {
    const next = last.then(
      async () => (await consoleToStderr(() => askGate({ ...asked, ...wanted }, io, load))).decision,
    );
    last = next.catch(() => undefined);
    return next;
  };
  const server = createServer((request, response) => {
    answer(request, response, address, ask).catch((error: unknown) => {
      // A broken gate must not look like an open one.
      if (!response.headersSent)
        reply(response, 500, 'text/plain', `${io.secrets?.redact(summaryOf(error)) ?? summaryOf(error)}\n`);
      else response.destroy();
    });
  });
  server.listen(address.port, address.host);
  await once(server, 'listening', { signal: io.signal });
  try {
    const bound = server.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
    const host = isIPv6(address.host) ? `[${address.host}]` : address.host;
    io.stdout.write(`Answers at http://${host}:${port}/gate (always 200) and /promote (200 or 409); Ctrl-C ends it.\n`);
    if (!io.signal.aborted) await once(io.signal, 'abort');
  } finally {
    server.closeAllConnections();
    server.close();
  }
  if (!(io.signal.reason instanceof InterruptedError)) throw io.signal.reason;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  address: ServeAddress,
  ask: AskAgain,
): Promise<void> {
  const url = URL.parse(request.url ?? '', 'http://gate');
  if (url === null) return reply(response, 400, 'text/plain', 'The address cannot be read.\n');
  // A page in a browser must not reach a server on loopback under a name that an attacker controls.
  if (LOOPBACK.test(address.host) && !isLoopback(request.headers.host)) {
    return reply(
      response,
      403,
      'text/plain',
      'This gate listens on loopback, and answers only requests that name a loopback host.\n',
    );
  }
  const isHook = url.pathname === '/promote';
  if (!isHook && url.pathname !== '/gate') {
    return reply(
      response,
      404,
      'text/plain',
      'There is no such page. There are /gate (JSON, always 200) and /promote (200 or 409).\n',
    );
  }
  // A promotion hook may post what it wants to promote; the body is ignored.
  const methods = isHook ? ['GET', 'HEAD', 'POST'] : ['GET', 'HEAD'];
  if (!methods.includes(request.method ?? '')) {
    response.setHeader('Allow', methods.join(', '));
    return reply(response, 405, 'text/plain', `Only ${methods.join(', ')}: a gate changes nothing.\n`);
  }
  const wanted = wishesOf(url.searchParams);
  if (typeof wanted === 'string') return reply(response, 400, 'text/plain', `${wanted}\n`);
  const decision = await ask(wanted.asked);
  if (isHook) return reply(response, decision.exitCode === 0 ? 200 : 409, 'text/plain', sentencesOf(decision));
  if (wanted.format === 'text') return reply(response, 200, 'text/plain', plainText(decision));
  return reply(response, 200, 'application/json', `${JSON.stringify(decision)}\n`);
}

type AskAgain = (wanted: Wishes['asked']) => Promise<GateDecision>;

interface Wishes {
  readonly asked: Partial<Pick<Asked, 'commit' | 'at'>>;
  readonly format: 'json' | 'text';
}

function wishesOf(parameters: URLSearchParams): Wishes | string {
  for (const name of parameters.keys()) {
    if (!['commit', 'at', 'format'].includes(name))
      return `There is no parameter "${name}"; there are commit, at and format.`;
  }
  const commit = parameters.get('commit');
  const at = parameters.get('at');
  const format = parameters.get('format') ?? 'json';
  if (format !== 'json' && format !== 'text') return 'format must be json or text.';
  if (commit !== null && !/^[0-9a-f]{7,64}$/.test(commit)) return 'commit must be a commit in hexadecimal digits.';
  if (at !== null && Number.isNaN(Date.parse(at))) return 'at must be a time such as 2027-01-31T12:00:00Z.';
  return {
    asked: { ...(commit === null ? {} : { commit }), ...(at === null ? {} : { at: new Date(at) }) },
    format,
  };
}

function isLoopback(host: string | undefined): boolean {
  const name = URL.parse(`http://${host ?? ''}`)?.hostname.replace(/^\[|\]$/g, '');
  return name !== undefined && LOOPBACK.test(name);
}

const plainText = (decision: GateDecision): string =>
  renderGateText(decision, { live: false, columns: WIDTH, rows: 40, colour: false, unicode: false });

/** Returns the decision in a few lines: a hook shows its body in an event. */
function sentencesOf(decision: GateDecision): string {
  const problems = [...decision.problems, ...decision.promises.flatMap((promise) => promise.problems)];
  const lines = problems.slice(0, 5).map(({ contract, disaster, sentence }) => {
    const label = [contract, disaster].filter((part) => part !== null).join(' › ');
    return `${label === '' ? '' : `${label}: `}${sentence}`;
  });
  const more = problems.length > lines.length ? [`And ${problems.length - lines.length} more.`] : [];
  return `${[titleOf(decision), ...lines, ...more].join('\n')}\n`;
}

function reply(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'Content-Type': `${type}; charset=utf-8`,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(body);
}
