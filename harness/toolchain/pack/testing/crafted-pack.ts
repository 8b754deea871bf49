import { createReadStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip, gzipSync } from 'node:zlib';
import { Header, Parser, Pax } from 'tar';
import { z } from 'zod';

/** A file of a pack with any content that a test needs. */
export interface Piece {
  path: string;
  content: Buffer;
  type: 'File' | 'SymbolicLink' | 'Link' | 'Directory' | 'CharacterDevice';
  linkpath?: string;
  /** Size in the header; the length of the content when left out. */
  size?: number;
}

const manifestSchema = z.looseObject({
  platform: z.string(),
  entries: z.array(
    z.looseObject({
      name: z.string(),
      files: z.array(z.looseObject({ path: z.string(), sha256: z.string(), sizeBytes: z.number() })),
    }),
  ),
});
export type LooseManifest = z.infer<typeof manifestSchema>;

/** Returns the content of a pack, in its order. The first piece is the manifest. */
export async function piecesOf(file: string): Promise<Piece[]> {
  const pieces: Piece[] = [];
  const reading: Promise<unknown>[] = [];
  const parser = new Parser({
    strict: true,
    onReadEntry: (entry) => {
      const piece: Piece = { path: entry.path, content: Buffer.alloc(0), type: 'File' };
      pieces.push(piece);
      reading.push(
        entry.concat().then((content) => {
          piece.content = Buffer.from(content);
        }),
      );
    },
  });
  await pipeline(createReadStream(file), createGunzip(), async (plain: AsyncIterable<Buffer>) => {
    for await (const chunk of plain) parser.write(chunk);
  });
  parser.end();
  await Promise.all(reading);
  return pieces;
}

export function changeManifest(pieces: readonly Piece[], change: (manifest: LooseManifest) => void): void {
  const [first] = pieces;
  if (first === undefined) throw new Error('the pack is empty');
  const manifest = manifestSchema.parse(JSON.parse(first.content.toString('utf8')));
  change(manifest);
  first.content = Buffer.from(JSON.stringify(manifest));
}

/** Writes the pieces as a pack. */
export async function writePieces(file: string, pieces: readonly Piece[]): Promise<void> {
  const blocks = pieces.flatMap(({ path, content, type, linkpath, size = content.length }) => {
    const facts = { path, size, mode: 0o755, ...(linkpath === undefined ? {} : { linkpath }) };
    const header = new Header({ ...facts, type });
    const block = Buffer.alloc(512);
    const extended = header.encode(block) ? [new Pax(facts).encode()] : [];
    return [...extended, block, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
  });
  await writeFile(file, gzipSync(Buffer.concat([...blocks, Buffer.alloc(1_024)])));
}

/** Cuts the end off a file. */
export async function cutShort(file: string, bytes: number): Promise<void> {
  const content = await readFile(file);
  await writeFile(file, content.subarray(0, content.length - bytes));
}
