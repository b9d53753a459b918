import { z } from 'zod';
import type { CredentialHeader } from '../../egress/rule.ts';

/** Keys of AWS; the session token belongs to the keys of a role. */
export const awsKeys = z.strictObject({
  accessKeyId: z.string(),
  secretAccessKey: z.string(),
  sessionToken: z.string().optional(),
});

export type AwsKeys = z.infer<typeof awsKeys>;

/** How a phase reaches its model provider: with a credential, or from a recorded session. */
export interface ModelAccess {
  mode: 'live' | 'replay';
  /** Folder of a recorded session: `<phase>-<round>.json`. */
  session?: string;
  /** A key, sent as the provider's interface says. */
  key?: string;
  /** A header of the policy's credential. */
  header?: CredentialHeader;
  /** Keys of AWS, or a function for those that change while the phase lasts. */
  aws?: AwsKeys | (() => Promise<AwsKeys>);
  /** The key file of a service account of Google, as JSON. */
  serviceAccount?: string;
}
