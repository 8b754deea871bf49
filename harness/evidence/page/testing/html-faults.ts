import { HtmlValidate } from 'html-validate';

const validator = new HtmlValidate({
  extends: ['html-validate:recommended'],
  // A doctype in upper case is valid. Roles are needed on tables whose cells are laid out as cards.
  rules: {
    'doctype-style': 'off',
    'no-redundant-role': 'off',
    'no-inline-style': 'error',
    'long-title': 'off',
    'no-trailing-whitespace': 'off',
  },
});

/** Returns violations of the HTML standard in a page. */
export async function htmlFaults(page: string): Promise<string[]> {
  const { results } = await validator.validateString(page);
  return results.flatMap(({ messages }) =>
    messages.map(({ ruleId, message, line }) => `${ruleId} ${line}: ${message}`),
  );
}
