// npm runs this before it packs or publishes the source tree, whose exports are TypeScript: Node strips no types below node_modules.
process.stderr.write(
  'The source tree is not the package. Make the tarball with `npm run pack`, and publish that file: npm publish dr-contracts-VERSION.tgz\n',
);
process.exitCode = 1;
