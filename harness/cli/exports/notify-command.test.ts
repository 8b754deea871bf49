import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMENT_MARKER } from '../../evidence/exports/markdown.ts';
import { DAY_MS, HOUR_MS, NOW, promise, run } from '../../evidence/gate/testing/made-up-gate.ts';
import { Secrets } from '../../model/secrets.ts';
import { type StubIo, withStubIo } from '../testing/stub-parts.ts';
import type { CommentOptions, NotifyOptions } from './evidence-options.ts';
import { runComment, runNotify } from './notify-command.ts';
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

/** Starts a server that takes messages, or answers as given. */
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
      /^The message was not delivered to slack: it answered 403: no such hook: \*\*\*\. The message was: Disaster recovery/,
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
      /^The message was not delivered to slack: it cannot be reached \(\w+\)\. The message was: Disaster recovery/,
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
      expect(String(error)).toMatch(/expected the address of a webhook, but it is not an http or https address/);
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

const TOKEN = 'ghs_xyzzySecretOfTheJob';

interface Comment {
  readonly id: number;
  body: string;
}

/** Simulates GitHub's interface to the comments of one pull request, as its reference describes it. */
async function github(comments: Comment[], refusal?: number) {
  const requests: string[] = [];
  const server = createServer(async (request, response) => {
    const sent = (await request.toArray()).join('');
    const url = new URL(request.url ?? '', 'http://localhost');
    requests.push(`${request.method} ${url.pathname}`);
    const answer = (status: number, content: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(content));
    if (refusal !== undefined || request.headers.authorization !== `Bearer ${TOKEN}`) {
      answer(refusal ?? 401, { message: `Resource not accessible with ${request.headers.authorization}` });
    } else if (request.method === 'GET') {
      const [page, size] = [Number(url.searchParams.get('page')), Number(url.searchParams.get('per_page'))];
      answer(200, comments.slice((page - 1) * size, page * size));
    } else if (request.method === 'POST') {
      comments.push({ id: comments.length + 1, body: JSON.parse(sent).body });
      answer(201, comments.at(-1));
    } else {
      const found = comments.find(({ id }) => url.pathname.endsWith(`/issues/comments/${id}`));
      if (found !== undefined) found.body = JSON.parse(sent).body;
      answer(found === undefined ? 404 : 200, found ?? {});
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    requests,
    apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function comment(stub: StubIo, apiUrl: string, options: CommentOptions = {}, more: Record<string, string> = {}) {
  const environment = {
    GITHUB_TOKEN: TOKEN,
    GITHUB_REPOSITORY: 'acme/orders',
    GITHUB_REF: 'refs/pull/12/merge',
    GITHUB_API_URL: apiUrl,
    ...more,
  };
  return runComment(options, { ...stub.io, environment });
}

const others = (count: number): Comment[] =>
  Array.from({ length: count }, (_, index) => ({ id: index + 1, body: `I quote ${COMMENT_MARKER}` }));

describe('dr-contracts comment', () => {
  it('adds a comment once, and edits it from then on', () =>
    withStubIo(async (stub) => {
      const comments = others(3);
      await using server = await github(comments);
      await appendRuns(stub.io.cwd, run());
      expect(await comment(stub, server.apiUrl)).toBe(0);
      await comment(stub, server.apiUrl);
      expect(stub.stderr()).toBe(
        'The comment on pull request 12 was created.\nThe comment on pull request 12 was updated.\n',
      );
      expect(comments).toHaveLength(4);
      expect(comments[3]?.body).toContain('## Disaster recovery: 1 kept');
      expect(server.requests).toEqual([
        'GET /repos/acme/orders/issues/12/comments',
        'POST /repos/acme/orders/issues/12/comments',
        'GET /repos/acme/orders/issues/12/comments',
        'PATCH /repos/acme/orders/issues/comments/4',
      ]);
    }));

  it('finds its comment behind a hundred others', () =>
    withStubIo(async (stub) => {
      const comments = [...others(150), { id: 151, body: `${COMMENT_MARKER}\nold` }];
      await using server = await github(comments);
      await appendRuns(stub.io.cwd, run());
      await comment(stub, server.apiUrl, { pull: 7 });
      expect(comments).toHaveLength(151);
      expect(comments[150]?.body).toContain('1 kept');
    }));

  it('exits 0 when GitHub refuses, and says what the job lacks, without the token', () =>
    withStubIo(async (stub) => {
      await using server = await github([], 403);
      await appendRuns(stub.io.cwd, run());
      expect(await comment(stub, server.apiUrl)).toBe(0);
      expect(stub.stderr()).toMatch(
        /was not written: GitHub answered 403 to GET: .*Bearer \*\*\*.* Does the job have `permissions: pull-requests: write`\?\n$/,
      );
      expect(stub.stderr()).not.toContain(TOKEN);
    }));

  it('exits 0 when GitHub cannot be reached', () =>
    withStubIo(async (stub) => {
      await appendRuns(stub.io.cwd, run());
      expect(await comment(stub, 'http://127.0.0.1:1')).toBe(0);
      expect(stub.stderr()).toMatch(/was not written: GitHub cannot be reached\n$/);
    }));

  it('does nothing where there is no pull request', () =>
    withStubIo(async (stub) => {
      expect(await comment(stub, 'http://127.0.0.1:1', {}, { GITHUB_REF: 'refs/heads/main' })).toBe(0);
      expect(stub.stderr()).toMatch(/^This is not a pull request/);
    }));

  it('says which variable the step lacks', () =>
    withStubIo(async (stub) => {
      await expect(comment(stub, '', {}, { GITHUB_TOKEN: '' })).rejects.toThrow(
        /expected a token in \$GITHUB_TOKEN, but there is none\. Add `env: \{ GITHUB_TOKEN: \$\{\{ github\.token \}\} \}`/,
      );
      await expect(comment(stub, '', {}, { GITHUB_REPOSITORY: 'orders' })).rejects.toThrow(/GITHUB_REPOSITORY/);
    }));
});
