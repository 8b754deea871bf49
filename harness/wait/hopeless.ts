import { z } from 'zod';
import { summaryOf } from '../model/errors.ts';
import { HopelessError, isHopelessError, type Wait } from './wait.ts';

/** An answer of an AWS service, as its client throws it. */
const refusedByAws = z.object({ $metadata: z.object({ httpStatusCode: z.literal([401, 403]) }) });
const named = z.object({ name: z.string().default(''), code: z.union([z.string(), z.number()]).optional() });

/** A client that was told something impossible throws these before it sends anything; a NATS server closes the connection with the last two. */
const HOPELESS_NAMES: ReadonlySet<string> = new Set([
  'EndpointError',
  'CredentialsProviderError',
  'AuthorizationError',
  'UserAuthenticationExpiredError',
]);
const HOPELESS_CODES: ReadonlySet<string | number> = new Set(['ENOTFOUND', 'ERR_INVALID_URL', 'ERR_INVALID_ARG_TYPE']);

/** As another program tells of it: S3 refuses the credentials, or the name of its host is unknown. */
const HOPELESS_TEXT = /\b(InvalidAccessKeyId|SignatureDoesNotMatch|AccessDenied|InvalidClientTokenId|no such host)\b/;

/** True for an error that no waiting can mend: a wrong configuration, refused credentials, an unknown host. */
export function isHopeless(error: unknown): boolean {
  for (let current = error, depth = 0; current instanceof Error && depth < 8; current = current.cause, depth += 1) {
    if (isHopelessError(current) || refusedByAws.safeParse(current).success) return true;
    const { name, code } = named.safeParse(current).data ?? { name: '' };
    if (HOPELESS_NAMES.has(name) || (code !== undefined && HOPELESS_CODES.has(code))) return true;
  }
  return false;
}

/** True for what another program says of such an error, such as the message of a Velero storage location. */
export const isHopelessText = (text: string): boolean => HOPELESS_TEXT.test(text);

/**
 * The same wait, but ended at once by an error that no waiting can mend. For waits in which such an error means what it says: not for a
 * DNS record that is still to come.
 */
export const endedByHopelessErrors = <T>(wait: Wait<T>): Wait<T> => ({
  ...wait,
  look: async (signal) => {
    try {
      return await wait.look(signal);
    } catch (error) {
      if (!isHopeless(error) || isHopelessError(error)) throw error;
      throw new HopelessError(`gave up waiting for ${wait.for}, because no waiting mends this: ${summaryOf(error)}`, {
        cause: error,
      });
    }
  },
});
