package dev.sluice.registry;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.RecordedRequest;
import okhttp3.HttpUrl;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AuthenticationTest {
    private static final byte[] MANIFEST = "{\"schemaVersion\":2}".getBytes(UTF_8);
    private static final Credentials BASIC = new Credentials.Basic("alice", "s3cret");
    private static final String BASIC_VALUE = "Basic YWxpY2U6czNjcmV0";

    private final FakeTime time = new FakeTime();
    private final ScriptedRegistry registry = new ScriptedRegistry();
    private final ScriptedRegistry tokens = new ScriptedRegistry();

    AuthenticationTest() throws IOException {}

    @AfterEach
    void close() {
        registry.close();
        tokens.close();
    }

    private RegistryClient client(Credentials... credentials) {
        return registry.client(time, host -> Stream.of(credentials).findFirst(), RegistryOptions.defaults());
    }

    private MockResponse.Builder challenge() {
        return ScriptedRegistry.status(401)
                .setHeader(
                        "WWW-Authenticate",
                        "Bearer realm=\"" + tokens.url("/token?x=1")
                                + "\",service=\"the.service\",scope=\"repository:team/app:pull\"");
    }

    private static MockResponse.Builder token(String token, int lifetime) {
        return ScriptedRegistry.status(200)
                .setHeader("Content-Type", "application/json")
                .body("{\"token\":\"" + token + "\",\"expires_in\":" + lifetime + "}");
    }

    private static MockResponse.Builder manifest() {
        return ScriptedRegistry.ok(MANIFEST).setHeader("Content-Type", MediaTypes.OCI_MANIFEST);
    }

    @Test
    void getsAnAnonymousTokenAndKeepsIt() throws Exception {
        registry.answers(challenge()).answers(manifest()).answers(manifest());
        tokens.answers(token("t1", 300));

        try (RegistryClient client = client()) {
            client.manifest(registry.image("v1"));
            client.manifest(registry.image("v1"));
        }

        RecordedRequest request = tokens.request();
        HttpUrl url = request.getUrl();
        assertThat(request.getMethod()).isEqualTo("GET");
        assertThat(url.queryParameter("x")).isEqualTo("1");
        assertThat(url.queryParameter("service")).isEqualTo("the.service");
        assertThat(url.queryParameterValues("scope")).containsExactly("repository:team/app:pull");
        assertThat(url.queryParameter("account")).isNull();
        assertThat(request.getHeaders().get("Authorization")).isNull();
        assertThat(authorizations(registry, 3)).containsExactly("", "Bearer t1", "Bearer t1");
    }

    @Test
    void showsTheTokenServerTheCredentialsAndTheRegistryOnlyTheToken() throws Exception {
        registry.answers(challenge()).answers(manifest());
        tokens.answers(token("t1", 300));

        try (RegistryClient client = client(BASIC)) {
            client.manifest(registry.image("v1"));
        }

        RecordedRequest request = tokens.request();
        assertThat(request.getUrl().queryParameter("account")).isEqualTo("alice");
        assertThat(request.getHeaders().get("Authorization")).isEqualTo(BASIC_VALUE);
        assertThat(authorizations(registry, 2)).containsExactly("", "Bearer t1");
    }

    @Test
    void takesTokensThatAreCalledAccessToken() throws Exception {
        registry.answers(challenge()).answers(manifest());
        tokens.answers(ScriptedRegistry.status(200).body("{\"access_token\":\"t1\"}"));

        try (RegistryClient client = client()) {
            client.manifest(registry.image("v1"));
        }

        assertThat(authorizations(registry, 2)).containsExactly("", "Bearer t1");
    }

    @Test
    void renewsATokenShortlyBeforeItExpires() throws Exception {
        registry.answers(challenge())
                .answers(manifest())
                .answers(manifest())
                .answers(challenge())
                .answers(manifest());
        tokens.answers(token("t1", 300)).answers(token("t2", 300));

        try (RegistryClient client = client()) {
            client.manifest(registry.image("v1"));
            time.pass(Duration.ofSeconds(289));
            client.manifest(registry.image("v1"));
            time.pass(Duration.ofSeconds(1));
            client.manifest(registry.image("v1"));
        }

        assertThat(authorizations(registry, 5)).containsExactly("", "Bearer t1", "Bearer t1", "", "Bearer t2");
    }

    @Test
    void renewsATokenThatIsRejectedEarly() throws Exception {
        registry.answers(challenge()).answers(manifest()).answers(challenge()).answers(manifest());
        tokens.answers(token("t1", 300)).answers(token("t2", 300));

        try (RegistryClient client = client()) {
            client.manifest(registry.image("v1"));
            client.manifest(registry.image("v1"));
        }

        assertThat(authorizations(registry, 4)).containsExactly("", "Bearer t1", "Bearer t1", "Bearer t2");
    }

    @Test
    void givesUpIfNewTokensAreRejectedToo() {
        registry.answers(challenge()).answers(challenge()).answers(challenge());
        tokens.answers(token("t1", 300)).answers(token("t2", 300));

        try (RegistryClient client = client()) {
            assertThatThrownBy(() -> client.manifest(registry.image("v1")))
                    .isInstanceOf(RegistryException.Unauthorized.class)
                    .hasMessageContaining("401")
                    .hasMessageNotContaining("t2");
        }
    }

    @Test
    void keepsTokensApartByRepository() throws Exception {
        registry.answers(challenge()).answers(manifest()).answers(challenge()).answers(manifest());
        tokens.answers(token("t1", 300)).answers(token("t2", 300));

        try (RegistryClient client = client()) {
            client.manifest(registry.image("v1"));
            client.manifest(ImageReference.parse(registry.host() + "/other/app:v1"));
        }

        assertThat(authorizations(registry, 4)).containsExactly("", "Bearer t1", "", "Bearer t2");
    }

    @Test
    void fetchesOneTokenForManyWhoWantIt() throws Exception {
        AtomicInteger issued = new AtomicInteger();
        registry.server().setDispatcher(new Dispatcher() {
            @Override
            public MockResponse dispatch(RecordedRequest request) {
                boolean good = "Bearer t1".equals(request.getHeaders().get("Authorization"));
                return (good ? manifest() : challenge()).build();
            }
        });
        tokens.server().setDispatcher(new Dispatcher() {
            @Override
            public MockResponse dispatch(RecordedRequest request) {
                return token("t" + issued.incrementAndGet(), 300).build();
            }
        });
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try (RegistryClient client = client()) {
            Callable<Fetched> fetch = () -> client.manifest(registry.image("v1"));
            for (Future<Fetched> fetched : threads.invokeAll(Collections.nCopies(24, fetch))) {
                assertThat(fetched.get().content()).isEqualTo(MANIFEST);
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(issued).hasValue(1);
    }

    @Test
    void exchangesAnIdentityToken() throws Exception {
        registry.answers(challenge()).answers(manifest());
        tokens.answers(ScriptedRegistry.status(200).body("{\"access_token\":\"t1\",\"expires_in\":300}"));

        try (RegistryClient client = client(new Credentials.IdentityToken("id+1"))) {
            client.manifest(registry.image("v1"));
        }

        RecordedRequest request = tokens.request();
        assertThat(request.getMethod()).isEqualTo("POST");
        assertThat(request.getHeaders().get("Authorization")).isNull();
        assertThat(HttpUrl.get("http://x/?" + request.getBody().utf8())).satisfies(form -> {
            assertThat(form.queryParameter("grant_type")).isEqualTo("refresh_token");
            assertThat(form.queryParameter("client_id")).isEqualTo("sluice");
            assertThat(form.queryParameter("service")).isEqualTo("the.service");
            assertThat(form.queryParameter("scope")).isEqualTo("repository:team/app:pull");
            assertThat(form.queryParameter("refresh_token")).isEqualTo("id+1");
        });
        assertThat(authorizations(registry, 2)).containsExactly("", "Bearer t1");
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 401, 404, 405})
    void fallsBackToGetIfTheTokenServerKnowsNoPost(int status) throws Exception {
        registry.answers(challenge()).answers(manifest());
        tokens.answers(ScriptedRegistry.status(status)).answers(token("t1", 300));

        try (RegistryClient client = client(new Credentials.IdentityToken("id"))) {
            client.manifest(registry.image("v1"));
        }

        assertThat(tokens.request().getMethod()).isEqualTo("POST");
        RecordedRequest get = tokens.request();
        assertThat(get.getMethod()).isEqualTo("GET");
        assertThat(get.getHeaders().get("Authorization")).isEqualTo(Authorization.basicValue("", "id"));
    }

    @Test
    void sendsBasicToARegistryThatWantsIt() throws Exception {
        registry.answers(basicChallenge()).answers(manifest()).answers(manifest());

        try (RegistryClient client = client(BASIC)) {
            client.manifest(registry.image("v1"));
            client.manifest(registry.image("v1"));
        }

        assertThat(authorizations(registry, 3)).containsExactly("", BASIC_VALUE, BASIC_VALUE);
    }

    @Test
    void sendsAConfiguredRegistryTokenItself() throws Exception {
        registry.answers(challenge()).answers(manifest());

        try (RegistryClient client = client(new Credentials.RegistryToken("rt"))) {
            client.manifest(registry.image("v1"));
        }

        assertThat(authorizations(registry, 2)).containsExactly("", "Bearer rt");
        assertThat(tokens.requests()).isZero();
    }

    @Test
    void asksForCredentialsAgainWhenTheyAreRejected() throws Exception {
        registry.answers(basicChallenge()).answers(basicChallenge()).answers(manifest());
        AtomicInteger asked = new AtomicInteger();
        CredentialSource rotating = host -> Optional.of(new Credentials.Basic("alice", "p" + asked.incrementAndGet()));

        try (RegistryClient client = registry.client(time, rotating, RegistryOptions.defaults())) {
            client.manifest(registry.image("v1"));
        }

        assertThat(authorizations(registry, 3))
                .containsExactly("", Authorization.basicValue("alice", "p1"), Authorization.basicValue("alice", "p2"));
    }

    @Test
    void tellsTheSourceWhatWasRefused() throws Exception {
        registry.answers(basicChallenge()).answers(basicChallenge()).answers(manifest());
        Credentials old = new Credentials.Basic("alice", "p1");
        List<String> told = new CopyOnWriteArrayList<>();
        CredentialSource source = new CredentialSource() {
            @Override
            public Optional<Credentials> credentials(String host) {
                return Optional.of(told.isEmpty() ? old : new Credentials.Basic("alice", "p2"));
            }

            @Override
            public void refused(String host, Credentials credentials) {
                told.add(host + " " + credentials.equals(old));
            }
        };

        try (RegistryClient client = registry.client(time, source, RegistryOptions.defaults())) {
            client.manifest(registry.image("v1"));
        }

        assertThat(told).containsExactly(registry.image("v1").host() + " true");
    }

    @Test
    void tellsThatThereAreNoCredentials() {
        registry.answers(basicChallenge())
                .answers(ScriptedRegistry.status(401).setHeader("WWW-Authenticate", "Digest x=y"));

        try (RegistryClient client = client()) {
            assertThatThrownBy(() -> client.manifest(registry.image("v1")))
                    .isInstanceOf(RegistryException.Unauthorized.class)
                    .hasMessageEndingWith("the registry wants a user name and a password; no credentials are known for "
                            + registry.image("v1").host() + ", looked at no source of credentials");
            assertThatThrownBy(() -> client.manifest(registry.image("v1")))
                    .isInstanceOf(RegistryException.Unauthorized.class)
                    .hasMessageContaining("no means that is known");
        }
    }

    @Test
    void tellsWhereItLookedWhenNobodyIsLetInWithoutCredentials() {
        registry.answers(challenge()).answers(challenge()).answers(challenge()).answers(ScriptedRegistry.status(403));
        tokens.answers(ScriptedRegistry.status(401)).answers(token("t1", 300)).answers(token("t2", 300));
        CredentialSource empty = new CredentialSource() {
            @Override
            public Optional<Credentials> credentials(String host) {
                return Optional.empty();
            }

            @Override
            public String lookedAt() {
                return "docker: there is no /x/config.json";
            }
        };

        try (RegistryClient client = registry.client(time, empty, RegistryOptions.defaults())) {
            for (String refusal : List.of("answered 401", "answered 401", "answered 403")) {
                assertThatThrownBy(() -> client.manifest(registry.image("v1")))
                        .isInstanceOf(RegistryException.Unauthorized.class)
                        .hasMessageContaining(refusal)
                        .hasMessageEndingWith(
                                registry.image("v1").host() + ", looked at docker: there is no /x/config.json");
            }
        }
    }

    @Test
    void tellsThatCredentialsCouldNotBeRead() {
        registry.answers(basicChallenge());
        CredentialSource broken = host -> {
            throw new IOException("the file is on fire");
        };

        try (RegistryClient client = registry.client(time, broken, RegistryOptions.defaults())) {
            assertThatThrownBy(() -> client.manifest(registry.image("v1")))
                    .isInstanceOf(RegistryException.Unauthorized.class)
                    .hasMessageContaining("the file is on fire");
        }
    }

    @Test
    void triesAgainWhenTheTokenServerIsOutOfOrder() throws Exception {
        registry.answers(challenge()).answers(challenge()).answers(manifest());
        tokens.answers(ScriptedRegistry.status(503)).answers(token("t1", 300));

        try (RegistryClient client = client()) {
            client.manifest(registry.image("v1"));
        }

        assertThat(time.pauses).hasSize(1);
    }

    @Test
    void tellsThatTheTokenServerRefused() {
        registry.answers(challenge());
        tokens.answers(ScriptedRegistry.status(401));

        try (RegistryClient client = client(BASIC)) {
            assertThatThrownBy(() -> client.manifest(registry.image("v1")))
                    .isInstanceOf(RegistryException.Unauthorized.class)
                    .hasMessageContaining("the token server 127.0.0.1 answered 401")
                    .hasMessageNotContainingAny("s3cret", "YWxpY2U6czNjcmV0", "x=1");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "{}",
                "{\"token\":\"\"}",
                "{\"token\":{}}",
                "{\"token\":\"with space\"}",
                "{\"token\":\"line\\nbreak\"}",
                "not json",
            })
    void refusesWhatIsNoToken(String body) {
        registry.answers(challenge());
        tokens.answers(ScriptedRegistry.status(200).body(body));

        try (RegistryClient client = client()) {
            assertThatThrownBy(() -> client.manifest(registry.image("v1")))
                    .isInstanceOf(RegistryException.Protocol.class)
                    .hasMessageContaining("token server");
        }
    }

    @Test
    void doesNotFollowATokenServerElsewhere() {
        registry.answers(challenge());
        tokens.answers(ScriptedRegistry.redirect(registry.url("/steal")));

        try (RegistryClient client = client(BASIC)) {
            assertThatThrownBy(() -> client.manifest(registry.image("v1")))
                    .isInstanceOf(RegistryException.Protocol.class);
        }
        assertThat(registry.requests()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "nonsense", "ftp://x/", "http://token.example/", "http://u:p@127.0.0.1/"})
    void refusesRealmsThatMustNotSeeCredentials(String realm) {
        registry.answers(ScriptedRegistry.status(401).setHeader("WWW-Authenticate", "Bearer realm=\"" + realm + "\""));

        try (RegistryClient client = client(BASIC)) {
            assertThatThrownBy(() -> client.manifest(registry.image("v1")))
                    .isInstanceOf(RegistryException.Protocol.class);
        }
    }

    @Test
    void asksForTheCredentialsOfTheHostInTheReference() throws Exception {
        registry.answers(basicChallenge()).answers(manifest());
        List<String> hosts = new CopyOnWriteArrayList<>();
        CredentialSource source = host -> {
            hosts.add(host);
            return Optional.of(BASIC);
        };

        try (RegistryClient client = registry.client(time, source, RegistryOptions.defaults())) {
            client.manifest(registry.image("v1"));
        }

        assertThat(hosts).containsExactly(registry.host());
    }

    /** Knows these, in this order, at any time. */
    private static CredentialSource knowing(List<Credentials> known) {
        return new CredentialSource() {
            @Override
            public Optional<Credentials> credentials(String host) {
                return known.stream().findFirst();
            }

            @Override
            public Optional<Credentials> credentials(String host, String repository, Set<Credentials> refused) {
                return known.stream().filter(one -> !refused.contains(one)).findFirst();
            }
        };
    }

    private static final Credentials OTHER = new Credentials.Basic("bob", "0ther");
    private static final String OTHER_VALUE = Authorization.basicValue("bob", "0ther");

    @Test
    void showsOtherCredentialsWhenTheFirstAreRefused() throws Exception {
        registry.answers(basicChallenge())
                .answers(basicChallenge())
                .answers(manifest())
                .answers(manifest());

        try (RegistryClient client =
                registry.client(time, knowing(List.of(BASIC, OTHER)), RegistryOptions.defaults())) {
            client.manifest(registry.image("v1"));
            client.manifest(registry.image("v1"));
        }

        assertThat(authorizations(registry, 4)).containsExactly("", BASIC_VALUE, OTHER_VALUE, OTHER_VALUE);
    }

    @Test
    void showsOtherCredentialsWhenTheFirstAreForbidden() throws Exception {
        registry.answers(basicChallenge())
                .answers(ScriptedRegistry.status(403))
                .answers(basicChallenge())
                .answers(manifest());

        try (RegistryClient client =
                registry.client(time, knowing(List.of(BASIC, OTHER)), RegistryOptions.defaults())) {
            client.manifest(registry.image("v1"));
        }

        assertThat(authorizations(registry, 4)).containsExactly("", BASIC_VALUE, "", OTHER_VALUE);
    }

    @ParameterizedTest
    @ValueSource(ints = {401, 403})
    void asksTheTokenServerWithOtherCredentialsWhenItRefusesTheFirst(int status) throws Exception {
        registry.answers(challenge()).answers(manifest());
        tokens.answers(ScriptedRegistry.status(status)).answers(token("t2", 300));

        try (RegistryClient client =
                registry.client(time, knowing(List.of(BASIC, OTHER)), RegistryOptions.defaults())) {
            client.manifest(registry.image("v1"));
        }

        assertThat(authorizations(tokens, 2)).containsExactly(BASIC_VALUE, OTHER_VALUE);
        assertThat(authorizations(registry, 2)).containsExactly("", "Bearer t2");
    }

    @Test
    void asksForATokenOnceMoreBeforeItsCredentialsCountAsRefused() throws Exception {
        registry.answers(challenge())
                .answers(manifest())
                .answers(challenge())
                .answers(challenge())
                .answers(manifest());
        tokens.answers(token("t1", 300)).answers(token("t2", 300)).answers(token("t3", 300));

        try (RegistryClient client =
                registry.client(time, knowing(List.of(BASIC, OTHER)), RegistryOptions.defaults())) {
            client.manifest(registry.image("v1"));
            client.manifest(registry.image("v1"));
        }

        assertThat(authorizations(tokens, 3)).containsExactly(BASIC_VALUE, BASIC_VALUE, OTHER_VALUE);
        assertThat(authorizations(registry, 5)).containsExactly("", "Bearer t1", "Bearer t1", "Bearer t2", "Bearer t3");
    }

    @Test
    void doesNotShowRefusedCredentialsAgainForAWhile() {
        registry.answers(basicChallenge())
                .answers(basicChallenge())
                .answers(basicChallenge())
                .answers(basicChallenge())
                .answers(manifest());

        try (RegistryClient client = client(BASIC)) {
            assertThatThrownBy(() -> client.manifest(registry.image("v1")))
                    .isInstanceOf(RegistryException.Unauthorized.class);
            assertThatThrownBy(() -> client.manifest(registry.image("v1")))
                    .isInstanceOf(RegistryException.Unauthorized.class)
                    .hasMessageContaining("refuses all credentials");
            time.pass(Duration.ofSeconds(10));
            assertThatNoException().isThrownBy(() -> client.manifest(registry.image("v1")));
        }
    }

    @Test
    void aPatientReadWaitsForOtherCredentials() throws Exception {
        byte[] blob = "0123456789".getBytes(UTF_8);
        List<Credentials> known = new CopyOnWriteArrayList<>(List.of(BASIC));
        registry.server().setDispatcher(new Dispatcher() {
            @Override
            public MockResponse dispatch(RecordedRequest request) {
                if (time.now().isAfter(FakeTime.START.plusSeconds(30)) && known.size() == 1) {
                    known.add(0, OTHER);
                }
                boolean good = OTHER_VALUE.equals(request.getHeaders().get("Authorization"));
                return (good ? ScriptedRegistry.partial(blob, 0, blob.length) : basicChallenge()).build();
            }
        });

        try (RegistryClient client = registry.client(time, knowing(known), RegistryOptions.defaults())) {
            RemoteBlob remote = client.openBlob(
                    registry.image("v1"), new Descriptor("application/octet-stream", Digest.sha256(blob), blob.length));
            assertThatThrownBy(() -> remote.read(0, blob.length, false))
                    .isInstanceOf(RegistryException.Unauthorized.class);
            ByteBuffer into = ByteBuffer.allocate(blob.length);
            try (ReadableByteChannel channel = remote.patiently().read(0, blob.length, false)) {
                while (into.hasRemaining() && channel.read(into) >= 0) {}
            }
            assertThat(into.array()).isEqualTo(blob);
        }
        assertThat(time.now()).isBetween(FakeTime.START.plusSeconds(30), FakeTime.START.plusSeconds(50));
    }

    @Test
    void aPatientReadFailsAtItsDeadlineWhenNobodyBringsOtherCredentials() {
        byte[] blob = "0123456789".getBytes(UTF_8);
        AtomicInteger shown = new AtomicInteger();
        registry.server().setDispatcher(new Dispatcher() {
            @Override
            public MockResponse dispatch(RecordedRequest request) {
                if (request.getHeaders().get("Authorization") != null) {
                    shown.incrementAndGet();
                }
                return basicChallenge().build();
            }
        });

        try (RegistryClient client = client(BASIC)) {
            RemoteBlob remote = client.openBlob(
                            registry.image("v1"),
                            new Descriptor("application/octet-stream", Digest.sha256(blob), blob.length))
                    .patiently();
            assertThatThrownBy(() -> remote.read(0, blob.length, false))
                    .isInstanceOf(RegistryException.Unauthorized.class);
        }
        assertThat(time.now()).isBetween(FakeTime.START.plusSeconds(50), FakeTime.START.plusSeconds(60));
        // Whoever shows wrong passwords again and again is locked out by some registries.
        assertThat(shown.get()).isBetween(2, 7);
    }

    @Test
    void neverPrintsSecrets() {
        assertThat(BASIC).hasToString("Basic[username=alice]");
        assertThat(new Credentials.IdentityToken("id-secret").toString()).doesNotContain("id-secret");
        assertThat(new Credentials.RegistryToken("rt-secret").toString()).doesNotContain("rt-secret");
        assertThat(Authorization.basic("alice", "s3cret").toString()).doesNotContain("YWxpY2U");
    }

    private static MockResponse.Builder basicChallenge() {
        return ScriptedRegistry.status(401).setHeader("WWW-Authenticate", "Basic realm=\"r\"");
    }

    private static List<String> authorizations(ScriptedRegistry registry, int requests) throws InterruptedException {
        List<String> all = new ArrayList<>();
        for (int i = 0; i < requests; i++) {
            all.add(Optional.ofNullable(registry.request().getHeaders().get("Authorization"))
                    .orElse(""));
        }
        return all;
    }
}
