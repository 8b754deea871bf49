/** Any of these Pythons runs LocalStack from the one lock file. 3.10 lacks networkx 3.6, 3.14 a wheel of jpype1 1.6. */
export const pythonVersions = ['3.11', '3.12', '3.13'] as const;
