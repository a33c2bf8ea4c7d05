package dev.sluice.registry;

import static java.util.Objects.requireNonNull;

/** What a registry, or the token server it names, is shown. No form of it prints its secret. */
public sealed interface Credentials {

    /** User name and password: HTTP Basic, at the registry or at its token server. */
    record Basic(String username, String password) implements Credentials {
        public Basic {
            requireNonNull(username, "username is null");
            requireNonNull(password, "password is null");
        }

        @Override
        public String toString() {
            return "Basic[username=" + username + "]";
        }
    }

    /** A refresh token, which the token server exchanges for short-lived tokens (OAuth 2). */
    record IdentityToken(String token) implements Credentials {
        public IdentityToken {
            requireNonNull(token, "token is null");
        }

        @Override
        public String toString() {
            return "IdentityToken[]";
        }
    }

    /** A bearer token that the registry itself takes. */
    record RegistryToken(String token) implements Credentials {
        public RegistryToken {
            requireNonNull(token, "token is null");
        }

        @Override
        public String toString() {
            return "RegistryToken[]";
        }
    }
}
