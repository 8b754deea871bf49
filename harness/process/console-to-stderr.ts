/**
 * Redirects standard output to standard error during the work. Modules of a project may print while they load, but standard output is for
 * the answer of the command.
 */
export async function consoleToStderr<T>(work: () => Promise<T>): Promise<T> {
  const { write } = process.stdout;
  process.stdout.write = process.stderr.write.bind(process.stderr);
  try {
    return await work();
  } finally {
    process.stdout.write = write;
  }
}
