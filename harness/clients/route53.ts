import { Route53Client, type Route53ClientConfig } from '@aws-sdk/client-route-53';
import { type AwsClientOptions, type AwsPlace, awsSettings } from './aws-settings.ts';

/** The configuration of every Route 53 client of the harness. Nothing of it is looked up in the user's environment or files. */
export function route53Configuration(place: AwsPlace, options: AwsClientOptions) {
  return { ...awsSettings(place, options), authSchemePreference: [] } satisfies Route53ClientConfig;
}

/** The one way to a Route 53 client. */
export function route53Client(place: AwsPlace, options: AwsClientOptions = {}): Route53Client {
  return new Route53Client(route53Configuration(place, options));
}
