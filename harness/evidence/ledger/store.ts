/** The storage of a ledger's entries. A store handles names and bytes, and does not interpret them. */
export interface LedgerStore extends Disposable {
  /** For a reader: the folder, or `s3://bucket/prefix`. */
  readonly at: string;
  /** Yields the sorted names of all files, only those after `after`. A ledger that was never written has none. */
  names(signal: AbortSignal, after?: string): AsyncGenerator<string, void, undefined>;
  /** @throws {ExplainedError} when there is no such entry. */
  read(name: string, signal: AbortSignal): Promise<Uint8Array>;
  /**
   * Writes a new entry, whole and durable, or not at all. Concurrent writers rely on this compare-and-swap.
   * @returns false when that name already exists.
   */
  create(name: string, bytes: Uint8Array, signal: AbortSignal): Promise<boolean>;
  /** Removes entries, in that order; missing ones are no error. */
  remove(names: readonly string[], signal: AbortSignal): Promise<void>;
}
