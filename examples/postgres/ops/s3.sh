# Sourced by the scripts beside it: requests to S3, with the credentials of the environment. curl signs them, so no other program is needed.
# shellcheck shell=sh

# s3 STATUS_FILE KEY CURL_ARGUMENT... : one request. Writes the HTTP status to the file; fails only when no answer came.
s3() {
  status_file=$1 key=$2
  shift 2
  # The credentials go through standard input: arguments are visible to every user of the machine.
  printf 'user = "%s:%s"\n' "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" |
    curl --config - --silent --show-error --max-time 60 --aws-sigv4 "aws:amz:$AWS_REGION:s3" \
      --write-out '%{http_code}' "$@" "$AWS_ENDPOINT_URL/$BACKUP_BUCKET/$key" >"$status_file"
}
