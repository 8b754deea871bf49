module dr-contracts.example/toolchain/velero-plugin-for-aws

go 1.26
