import { type FormEvent, type ReactNode, useState } from "react";

/** The field for the token. There is one. */
const FIELD = "token";

/** Moves the focus to the field for the token. */
export function focusSignIn(): void {
  document.getElementById(FIELD)?.focus();
}

/** A field for a token, for when the server wants one that it accepts. */
export function SignIn({ onSignIn }: { readonly onSignIn: (token: string) => void }): ReactNode {
  const [token, setToken] = useState("");
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (token.trim() !== "") {
      onSignIn(token.trim());
    }
  };
  return (
    <section className="card sign-in" aria-labelledby="sign-in-title">
      <h2 id="sign-in-title">Sign in</h2>
      <p id="sign-in-help">
        This server wants to know who you are. Paste a token (a JSON Web Token) from whoever runs it; it is kept until
        you close this tab.
      </p>
      <form className="inline-form" onSubmit={submit}>
        <label htmlFor={FIELD}>Token</label>
        <input
          id={FIELD}
          type="password"
          autoComplete="off"
          spellCheck={false}
          required
          aria-describedby="sign-in-help"
          value={token}
          onChange={(event) => setToken(event.target.value)}
        />
        <button type="submit" className="primary">
          Sign in
        </button>
      </form>
    </section>
  );
}
