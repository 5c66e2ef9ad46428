const CODE = /^#code=(gsc_[A-Za-z0-9_-]+)$/;

let code: string | null = null;

/** Removes the one-time code from the address, so that neither the history nor a copied address contains it. */
export function takeCode(): void {
  const found = CODE.exec(location.hash)?.[1];
  if (found === undefined) return;
  code = found;
  history.replaceState(null, '', location.pathname + location.search);
}

/** The code from the address; null: none, or it was sent already. */
export function codeToSend(): string | null {
  const taken = code;
  code = null;
  return taken;
}
