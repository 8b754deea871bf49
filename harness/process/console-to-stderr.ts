/**
 * Sends what is written to standard output while something works to standard error. Modules of a project may print while they are loaded, and
 * standard output belongs to the answer of the command.
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
