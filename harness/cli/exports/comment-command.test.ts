import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { COMMENT_MARKER } from '../../evidence/exports/markdown.ts';
import { run } from '../../evidence/gate/testing/made-up-gate.ts';
import { type StubIo, withStubIo } from '../stub-parts.ts';
import { runComment } from './comment-command.ts';
import type { CommentOptions } from './evidence-options.ts';
import { appendRuns } from './testing/append-runs.ts';

const TOKEN = 'ghs_xyzzySecretOfTheJob';

interface Comment {
  readonly id: number;
  body: string;
}

/** What GitHub's interface does with the comments of one pull request, as its reference describes it. */
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
      expect(stub.stderr()).toMatch(/^This is no pull request/);
    }));

  it('says which variable the step lacks', () =>
    withStubIo(async (stub) => {
      await expect(comment(stub, '', {}, { GITHUB_TOKEN: '' })).rejects.toThrow(
        /expected a token in \$GITHUB_TOKEN, but there is none\. Add `env: \{ GITHUB_TOKEN: \$\{\{ github\.token \}\} \}`/,
      );
      await expect(comment(stub, '', {}, { GITHUB_REPOSITORY: 'orders' })).rejects.toThrow(/GITHUB_REPOSITORY/);
    }));
});
