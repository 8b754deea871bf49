import { z } from 'zod';
import { comparisonOf } from '../../../model/comparison.ts';
import type { PostureCheck } from '../../../model/posture.ts';
import { parseOptions, pathSchema, readDocument } from '../../../posture-kit/check-options.ts';
import { readBucketSettings } from '../bucket-reads.ts';
import { compareSetting, type SettingComparison } from '../compare-settings.ts';
import { s3Store } from '../service.ts';
import type { SettingName } from '../settings.ts';

const optionsSchema = z.strictObject({
  bucket: z.string().min(1),
  region: z.string().min(1),
  /** JSON files in the form that `aws s3api put-bucket-…` takes. */
  declared: z.strictObject({
    versioning: pathSchema,
    lifecycle: pathSchema,
    encryption: pathSchema,
    publicAccess: pathSchema,
    policy: pathSchema.optional(),
  }),
});
export type BucketSettingsOptions = z.input<typeof optionsSchema>;

/** The live bucket has the settings that its operators declared, compared value by value. */
export function bucketSettings(options: BucketSettingsOptions): PostureCheck {
  const { bucket, region, declared } = parseOptions('bucketSettings', optionsSchema, options);
  const { publicAccess, ...others } = declared;
  const files: readonly (readonly [SettingName, string])[] = [
    ['versioning', others.versioning],
    ['lifecycle', others.lifecycle],
    ['encryption', others.encryption],
    ['public-access', publicAccess],
    ...(others.policy === undefined ? [] : [['policy', others.policy] as const]),
  ];
  return {
    name: `${bucket}-settings`,
    promise: `Bucket ${bucket} is set up as declared (${files.map(([name]) => name).join(', ')})`,
    needs: ['s3'],
    about: [{ kind: 'bucket', name: bucket }],
    reads: files.map(([, path]) => path),
    async observe({ target, step }) {
      const live = await readBucketSettings(await target.place(s3Store), bucket, step.signal);
      const inRegion = compareSetting('region', region, live.region);
      const compared = [inRegion];
      for (const [name, path] of files) {
        const setting = compareSetting(name, await readDocument(path), live.settings[name]);
        compared.push(name === 'policy' ? withoutWeakening(setting) : setting);
      }
      return comparisonOf({
        of: 'settings',
        compared: compared.reduce((sum, each) => sum + each.compared, 0),
        differences: compared.flatMap(({ differences }) => differences),
        evidence: { region: live.region },
        notVerified: target.differencesFromProduction.filter((text) => /lifecycle|IAM|S3/i.test(text)),
      });
    },
  };
}

/** Gives an undeclared statement a next step of its own: it may protect the bucket, so its content decides whether it stays. */
function withoutWeakening({ compared, differences }: SettingComparison): SettingComparison {
  const nextStep = 'Declare it, or take it away if it allows more than it should.';
  return {
    compared,
    differences: differences.map((each) => (each.expected === 'nothing' ? { ...each, nextStep } : each)),
  };
}
