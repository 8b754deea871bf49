import { ReleaseRefusedError, release } from './release.ts';

try {
  const { tag, tarball } = await release(process.cwd(), (line) => process.stdout.write(`${line}\n`));
  process.stdout.write(
    `Made the tag ${tag} and ${tarball}.\nNothing was pushed or published. To do so: git push origin ${tag}, then npm publish ${tarball}\n`,
  );
} catch (error) {
  if (!(error instanceof ReleaseRefusedError)) throw error;
  process.stderr.write(`No release: ${error.message}\n`);
  process.exitCode = 1;
}
