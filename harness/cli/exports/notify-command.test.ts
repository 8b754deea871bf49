import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, NOW, promise, run } from '../../evidence/gate/testing/made-up-gate.ts';
import { Secrets } from '../../model/secrets.ts';
import { type StubIo, withStubIo } from '../stub-parts.ts';
import type { NotifyOptions } from './evidence-options.ts';
import { runNotify } from './notify-command.ts';
import { appendRuns } from './testing/append-runs.ts';

const SECRET = 'T00/B00/xyzzySecretOfTheWebhook';
const OPTIONS: NotifyOptions = { always: false, json: false, at: NOW.toISOString() };
const kept = { agoMs: 2 * DAY_MS };
const broken = {
  agoMs: HOUR_MS,
  change: (record: { contract: { rtoMs: number } }) => {
    record.contract.rtoMs = 60_000;
  },
};

interface Chat extends AsyncDisposable {
  readonly address: string;
  readonly received: readonly { readonly path: string; readonly body: string; readonly type: string | undefined }[];
}

/** A server that takes messages, or answers what it is told to. */
async function chat(answer: (request: IncomingMessage, response: ServerResponse) => void = ok): Promise<Chat> {
  const received: { path: string; body: string; type: string | undefined }[] = [];
  const server = createServer(async (request, response) => {
    const body = (await request.toArray()).join('');
    received.push({ path: request.url ?? '', body, type: request.headers['content-type'] });
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}/services/${SECRET}`,
    received,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const ok = (_: IncomingMessage, response: ServerResponse) => void response.end('ok');

async function notify(stub: StubIo, environment: Record<string, string>, options: Partial<NotifyOptions> = {}) {
  const code = await runNotify({ ...OPTIONS, ...options }, { ...stub.io, environment });
  return { code, stdout: stub.stdout(), stderr: stub.stderr() };
}

describe('dr-contracts notify', () => {
  it('tells Slack which promise changed, from what, and why', () =>
    withStubIo(async (stub) => {
      await appendRuns(stub.io.cwd, run(kept), run(broken));
      await using slack = await chat();
      const { code, stderr } = await notify(stub, { DR_CONTRACTS_SLACK_WEBHOOK: slack.address });
      expect([code, stderr]).toEqual([0, 'Sent to slack: Disaster recovery on local: 1 changed; now 1 breached\n']);
      expect(slack.received).toEqual([
        { path: `/services/${SECRET}`, type: 'application/json', body: expect.any(String) },
      ]);
      const { text }: { text: string } = JSON.parse(slack.received[0]?.body ?? '{}');
      expect(text).toMatch(
        /^Disaster recovery on local: 1 changed; now 1 breached\n❌ orders › wiped: breached \(was met\)\. Promised back within 1 min; recovered in 2 min 30 s.* Owner: tests\nRun r3600000-orders-$/,
      );
    }));

  it('posts to each chat that has an address, to Teams as a card', () =>
    withStubIo(async (stub) => {
      await appendRuns(stub.io.cwd, run(kept), run(broken));
      await using teams = await chat();
      await using mattermost = await chat();
      await notify(stub, {
        DR_CONTRACTS_TEAMS_WEBHOOK: teams.address,
        DR_CONTRACTS_MATTERMOST_WEBHOOK: mattermost.address,
      });
      const { attachments } = JSON.parse(teams.received[0]?.body ?? '{}');
      expect(attachments[0]).toMatchObject({
        contentType: 'application/vnd.microsoft.card.adaptive',
        content: { type: 'AdaptiveCard', version: '1.4' },
      });
      expect(JSON.parse(mattermost.received[0]?.body ?? '{}')).toEqual({ text: expect.stringMatching(/^Disaster/) });
    }));

  it('sends nothing when nothing changed, unless it is asked to', () =>
    withStubIo(async (stub) => {
      await appendRuns(stub.io.cwd, run(kept), run({ agoMs: HOUR_MS }));
      await using slack = await chat();
      const environment = { DR_CONTRACTS_SLACK_WEBHOOK: slack.address };
      expect((await notify(stub, environment)).stderr).toBe(
        'Nothing changed since the run before, so no message was sent.\n',
      );
      expect(slack.received).toHaveLength(0);
      await notify(stub, environment, { always: true });
      expect(slack.received[0]?.body).toContain('✅ orders › wiped: met.');
    }));

  it('reads the address from a file', () =>
    withStubIo(async (stub) => {
      await appendRuns(stub.io.cwd, run(broken));
      await using slack = await chat();
      await writeFile(join(stub.io.cwd, 'webhook'), `${slack.address}\n`);
      await notify(stub, { DR_CONTRACTS_SLACK_WEBHOOK_FILE: 'webhook' });
      expect(slack.received).toHaveLength(1);
    }));

  it.each([
    [
      'refuses the message and repeats the address',
      (request: IncomingMessage, response: ServerResponse) =>
        void response.writeHead(403).end(`no such hook: ${request.url}`),
      /^The message was not delivered to slack: it answered 403: no such hook: \*\*\*\. It said: Disaster recovery/,
    ],
    [
      'sends the message elsewhere',
      (_: IncomingMessage, response: ServerResponse) =>
        void response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end(),
      /^The message was not delivered to slack: it answered 307/,
    ],
    [
      'hangs up',
      (request: IncomingMessage) => void request.socket.destroy(),
      /^The message was not delivered to slack: it cannot be reached \(\w+\)\. It said: Disaster recovery/,
    ],
  ])('exits 0 when a chat %s, and says so without the address', (_, answer, said) =>
    withStubIo(async (stub) => {
      await appendRuns(stub.io.cwd, run(kept), run(broken));
      await using slack = await chat(answer);
      const { code, stdout, stderr } = await notify(stub, { DR_CONTRACTS_SLACK_WEBHOOK: slack.address });
      expect([code, stderr]).toEqual([0, expect.stringMatching(said)]);
      expect(stdout + stderr).not.toContain('xyzzySecret');
      expect(stdout + stderr).not.toContain('T00');
    }),
  );

  it('tells the other chats when one fails', () =>
    withStubIo(async (stub) => {
      await appendRuns(stub.io.cwd, run(broken));
      await using teams = await chat();
      await notify(stub, {
        DR_CONTRACTS_SLACK_WEBHOOK: 'http://127.0.0.1:1/',
        DR_CONTRACTS_TEAMS_WEBHOOK: teams.address,
      });
      expect(teams.received).toHaveLength(1);
      expect(stub.stderr()).toContain('not delivered to slack');
    }));

  it('adds the address to the secrets before anything can go wrong with it', () =>
    withStubIo(async (stub) => {
      const secrets = new Secrets();
      const io = { ...stub.io, secrets, environment: { DR_CONTRACTS_SLACK_WEBHOOK: `no address ${SECRET}` } };
      const error: unknown = await runNotify(OPTIONS, io).catch((each: unknown) => each);
      expect(String(error)).toMatch(/expected the address of a webhook, but it is no http or https address/);
      expect(String(error)).not.toContain(SECRET);
      expect(secrets.redact(`no address ${SECRET}`)).not.toContain(SECRET);
    }));

  it('names the variables when none is set', () =>
    withStubIo(async (stub) => {
      await expect(notify(stub, {})).rejects.toThrow(
        /in \$DR_CONTRACTS_SLACK_WEBHOOK or \$DR_CONTRACTS_MATTERMOST_WEBHOOK or \$DR_CONTRACTS_TEAMS_WEBHOOK/,
      );
    }));

  it('prints what changed as JSON, for chats that it does not know', () =>
    withStubIo(async (stub) => {
      await appendRuns(stub.io.cwd, run(kept), run(broken));
      const { stdout } = await notify(stub, {}, { json: true });
      expect(JSON.parse(stdout)).toMatchObject({
        changes: [{ contract: 'orders', disaster: 'wiped', before: 'met', state: 'breached' }],
      });
    }));

  it('lets no name of a contract call a whole channel', () =>
    withStubIo(async (stub) => {
      const contract = '<!channel> @all';
      const [started, ...rest] = run({ ...broken, contract });
      if (started?.kind !== 'run-started') throw new Error('not a run');
      await appendRuns(stub.io.cwd, [{ ...started, promises: [promise({ contract })] }, ...rest]);
      await using slack = await chat();
      await notify(stub, { DR_CONTRACTS_SLACK_WEBHOOK: slack.address });
      expect(slack.received[0]?.body).toContain('&lt;!channel&gt; @\u200Ball');
    }));
});
