export { type ManifestObject, manifestObject } from '../model/manifest-object.ts';
