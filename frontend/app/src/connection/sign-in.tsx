import { type FormEvent, type ReactNode, useId, useState } from "react";

/** A field for a token, for when the server wants one that it accepts. */
export function SignIn({ onSignIn }: { readonly onSignIn: (token: string) => void }): ReactNode {
  const [token, setToken] = useState("");
  const id = useId();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (token.trim() !== "") {
      onSignIn(token.trim());
    }
  };
  return (
    <section className="card sign-in" aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>Sign in</h2>
      <p id={`${id}-help`}>
        This server wants to know who you are. Paste a token (a JSON Web Token) from whoever runs it; it is kept until
        you close this tab.
      </p>
      <form className="inline-form" onSubmit={submit}>
        <label htmlFor={id}>Token</label>
        <input
          id={id}
          type="password"
          autoComplete="off"
          spellCheck={false}
          required
          aria-describedby={`${id}-help`}
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
