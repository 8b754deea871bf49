import { IAMClient } from '@aws-sdk/client-iam';
import { type AwsClientOptions, type AwsPlace, awsSettings } from './aws-settings.ts';

/** The one way to an IAM client, without anything of the user's settings; `destroy` it when it is no longer needed. */
export function iamClient(place: AwsPlace, options: AwsClientOptions = {}): IAMClient {
  return new IAMClient({ ...awsSettings(place, options), authSchemePreference: [] });
}
