import { z } from 'zod';

/** Where the key is that signs: a PEM file, an environment variable that holds the PEM, or a program that signs (a KMS). */
export const keySourceSchema = z.union([
  z.string().min(1),
  z.strictObject({ file: z.string().min(1) }),
  z.strictObject({ env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable') }),
  z.strictObject({ command: z.array(z.string()).min(1), publicKey: z.string().min(1) }),
]);
export type KeySource = z.infer<typeof keySourceSchema>;
