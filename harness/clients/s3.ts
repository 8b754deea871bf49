import { S3Client } from '@aws-sdk/client-s3';
import { type AwsClientOptions, type AwsPlace, awsSettings } from './aws-settings.ts';

/**
 * The one way to an S3 client. Nothing of its configuration is looked up in the user's environment or files. It keeps connections alive;
 * `destroy` it when it is no longer needed.
 */
export function s3Client(place: AwsPlace, options: AwsClientOptions = {}): S3Client {
  return new S3Client({
    ...awsSettings(place, options),
    authSchemePreference: [],
    forcePathStyle: place.endpoint !== undefined,
    // Digests are the harness's own: the client's checksums are left to what S3 requires.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    disableS3ExpressSessionAuth: false,
    sigv4aSigningRegionSet: [place.region],
    useArnRegion: false,
  });
}
