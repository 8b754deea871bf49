import type { ObjectAttributes } from './upload.ts';

/**
 * Headers that S3 keeps with an object and returns, by their names in HTTP. `expires` is left out: the S3 of the local and the docker
 * target loses it when an object is copied, which would look like a fault of a restore that copies.
 */
export const headerNames = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'website-redirect-location',
] as const;
export type HeaderName = (typeof headerNames)[number];

/** Returns the headers as a request to store an object names them. */
export function headerAttributes(headers: Readonly<Partial<Record<HeaderName, string>>>): ObjectAttributes {
  return Object.fromEntries(
    Object.entries({
      CacheControl: headers['cache-control'],
      ContentDisposition: headers['content-disposition'],
      ContentEncoding: headers['content-encoding'],
      ContentLanguage: headers['content-language'],
      ContentType: headers['content-type'],
      WebsiteRedirectLocation: headers['website-redirect-location'],
    }).filter(([, value]) => value !== undefined),
  );
}
