import { Route53Client } from '@aws-sdk/client-route-53';
import { type AwsClientOptions, type AwsPlace, awsSettings } from './aws-settings.ts';

/** The one way to a Route 53 client. Nothing of its configuration is looked up in the user's environment or files. */
export function route53Client(place: AwsPlace, options: AwsClientOptions = {}): Route53Client {
  return new Route53Client({ ...awsSettings(place, options), authSchemePreference: [] });
}
