package dev.sluice.registry;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import okhttp3.FormBody;
import okhttp3.HttpUrl;
import okhttp3.Request;

/**
 * Fetches tokens as the distribution project's token authentication describes: GET with Basic, or POST (OAuth 2) with a refresh
 * token. Credentials go to the realm that the registry names, over TLS unless the registry itself is spoken to without.
 */
final class TokenClient {
    private static final String CLIENT_ID = "sluice";
    private static final int MAX_ANSWER = 1 << 20;
    /** What a token lives that does not tell, and what a shorter-lived one is taken to live: the specification's minimum. */
    private static final long MIN_LIFETIME = 60;

    private static final long MAX_LIFETIME = 24 * 60 * 60;
    private static final Duration MARGIN = Duration.ofSeconds(10);

    private final Endpoints endpoints;
    private final RegistryOptions.Timeouts timeouts;
    private final TimeSource time;

    TokenClient(Endpoints endpoints, RegistryOptions.Timeouts timeouts, TimeSource time) {
        this.endpoints = endpoints;
        this.timeouts = timeouts;
        this.time = time;
    }

    Authorization token(
            Endpoint endpoint,
            String scope,
            Challenge challenge,
            Optional<Credentials> credentials,
            Task task,
            Deadline deadline)
            throws RegistryException {
        HttpUrl realm = realm(endpoint, challenge, task);
        Optional<String> service = challenge.parameter("service");
        String wanted = challenge.parameter("scope").orElse(scope);
        if (credentials.isPresent() && credentials.get() instanceof Credentials.IdentityToken identity) {
            Request.Builder post = refresh(realm, service, wanted, identity);
            Optional<Authorization> answer = send(endpoint, post, realm, true, task, deadline);
            if (answer.isPresent()) {
                return answer.get();
            }
        }
        Request.Builder get = plain(realm, service, wanted, credentials);
        return send(endpoint, get, realm, false, task, deadline).orElseThrow();
    }

    private HttpUrl realm(Endpoint endpoint, Challenge challenge, Task task) throws RegistryException {
        HttpUrl realm = HttpUrl.parse(challenge.parameter("realm").orElse(""));
        if (realm == null || !realm.username().isEmpty() || !realm.password().isEmpty()) {
            throw task.protocol("the registry names no usable token server");
        }
        if (!endpoints.allows(endpoint.base(), realm)) {
            throw task.protocol("the token server " + realm.host() + " would be spoken to without TLS");
        }
        return realm;
    }

    private static Request.Builder refresh(
            HttpUrl realm, Optional<String> service, String scope, Credentials.IdentityToken identity) {
        FormBody.Builder form = new FormBody.Builder()
                .add("grant_type", "refresh_token")
                .add("client_id", CLIENT_ID)
                .add("scope", scope)
                .add("refresh_token", identity.token());
        service.ifPresent(s -> form.add("service", s));
        return new Request.Builder().url(realm).post(form.build());
    }

    private static Request.Builder plain(
            HttpUrl realm, Optional<String> service, String scope, Optional<Credentials> credentials) {
        HttpUrl.Builder url = realm.newBuilder();
        service.ifPresent(s -> url.addQueryParameter("service", s));
        for (String one : scope.split(" ", -1)) {
            url.addQueryParameter("scope", one);
        }
        Request.Builder request = new Request.Builder();
        if (credentials.isPresent()) {
            Credentials known = credentials.get();
            if (known instanceof Credentials.Basic basic) {
                url.addQueryParameter("account", basic.username());
                request.header("Authorization", Authorization.basicValue(basic.username(), basic.password()));
            } else if (known instanceof Credentials.IdentityToken identity) {
                request.header("Authorization", Authorization.basicValue("", identity.token()));
            }
        }
        return request.url(url.build());
    }

    /**
     * Sends a request for a token.
     *
     * @param mayLack whether another form of request follows if the server does not know this one; then the answer is empty
     */
    private Optional<Authorization> send(
            Endpoint endpoint, Request.Builder request, HttpUrl realm, boolean mayLack, Task task, Deadline deadline)
            throws RegistryException {
        Transport transport = endpoint.transport(task);
        Duration within = Durations.min(timeouts.request(), deadline.remaining());
        String server = "the token server " + realm.host();
        try (Exchange exchange = transport.open(request, false, within, new Cancellation())) {
            int status = exchange.status();
            if (status == 200) {
                byte[] body;
                try {
                    body = Bodies.read(exchange, MAX_ANSWER, task);
                } catch (RegistryException e) {
                    throw e;
                } catch (IOException e) {
                    throw exchange.explained(e);
                }
                return Optional.of(parse(body, server, task, time.now()));
            }
            if (mayLack && (status == 400 || status == 401 || status == 404 || status == 405)) {
                return Optional.empty();
            }
            throw Statuses.failure(exchange, server + " answered", task, time);
        } catch (RegistryException e) {
            throw e;
        } catch (IOException e) {
            throw Failures.of(e, server + " failed: ", task);
        }
    }

    /** The token in an answer, which may be any bytes. */
    static Authorization parse(byte[] body, String server, Task task, Instant now) throws RegistryException {
        JsonNode answer =
                Json.object(body).orElseThrow(() -> task.protocol(server + " answered with something else than JSON"));
        String token = answer.path("token").asText("");
        if (token.isEmpty()) {
            token = answer.path("access_token").asText("");
        }
        if (!Authorization.isToken(token)) {
            throw task.protocol(server + " answered without a token");
        }
        long lifetime = Math.min(
                MAX_LIFETIME, Math.max(MIN_LIFETIME, answer.path("expires_in").asLong(MIN_LIFETIME)));
        Instant issued = issuedAt(answer.path("issued_at").asText(""), now);
        return Authorization.issued(token, issued.plusSeconds(lifetime).minus(MARGIN));
    }

    /** The server's clock counts only as far as it makes the token older: a token is never believed longer than from now on. */
    private static Instant issuedAt(String text, Instant now) {
        try {
            Instant issued = Instant.parse(text);
            boolean plausible = issued.isBefore(now) && issued.isAfter(now.minusSeconds(MIN_LIFETIME / 2));
            return plausible ? issued : now;
        } catch (DateTimeException e) {
            return now;
        }
    }
}
