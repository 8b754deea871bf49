/**
 * A request to a service that is not part of a drill: a chat, or the code forge. It takes the user's own way out, a proxy included,
 * where Node is told to use one. Servers that the harness started are asked with `httpRequest`, which never takes a proxy.
 * @throws what `fetch` throws; an answer of any status is an answer.
 */
export const requestOfUser = (url: string | URL, init: RequestInit): Promise<Response> => fetch(url, init);
