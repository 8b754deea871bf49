// Realistic script lines for the campaigns.

/** Dumps every stream of the drill and uploads them as one file. */
export const dump = (name = '$(date -u +%Y%m%dT%H%M%SZ)', options = '--consumers'): readonly string[] => [
  `for stream in $STREAMS; do nats --server "$NATS_URL" backup stream --no-progress ${options} "$stream" "$WORK_DIR/set/$stream" >/dev/null; done`,
  'tar -C "$WORK_DIR/set" -czf "$WORK_DIR/set.gz" .',
  `aws s3 cp --only-show-errors "$WORK_DIR/set.gz" "$to"${name}.gz`,
];

export const load = (point = '$RECOVERY_POINT'): readonly string[] => [
  `aws s3 cp --only-show-errors "${point}" "$WORK_DIR/set.gz"`,
  'mkdir "$WORK_DIR/set" && tar -C "$WORK_DIR/set" -xzf "$WORK_DIR/set.gz"',
  'for stream in "$WORK_DIR"/set/*/; do nats --server "$NATS_URL" backup restore stream --no-progress "$stream" >/dev/null; done',
];

/** Copies the bucket into a separate folder for each backup. */
export const copyOut = (options = ''): readonly string[] => [
  `aws s3 cp --recursive --only-show-errors ${options} "s3://$ASSET_BUCKET" "$to$(date -u +%Y%m%dT%H%M%SZ)/"`,
];

export const copyIn = (options = ''): readonly string[] => [
  `aws s3 cp --recursive --only-show-errors ${options} "$RECOVERY_POINT" "s3://$ASSET_BUCKET"`,
];
