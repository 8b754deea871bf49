import { HtmlValidate } from 'html-validate';

const validator = new HtmlValidate({
  extends: ['html-validate:recommended'],
  // A doctype in upper case is as good. Roles keep a table a table where its cells are laid out as cards.
  rules: {
    'doctype-style': 'off',
    'no-redundant-role': 'off',
    'no-inline-style': 'error',
    'long-title': 'off',
    'no-trailing-whitespace': 'off',
  },
});

/** What is not well formed, or not as the standard has it. */
export async function htmlFaults(page: string): Promise<string[]> {
  const { results } = await validator.validateString(page);
  return results.flatMap(({ messages }) =>
    messages.map(({ ruleId, message, line }) => `${ruleId} ${line}: ${message}`),
  );
}
