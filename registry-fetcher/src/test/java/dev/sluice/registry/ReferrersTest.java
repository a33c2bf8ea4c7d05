package dev.sluice.registry;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.RecordedRequest;
import okhttp3.HttpUrl;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReferrersTest {
    private static final String TYPE = "application/vnd.test.v1+json";
    private static final Digest SUBJECT = Digest.sha256(new byte[] {1});
    private static final String TAG = "sha256-" + SUBJECT.hex();
    private static final Descriptor CONFIG = new Descriptor("application/vnd.config", Digest.sha256(new byte[0]), 0);
    private static final Manifest ABOUT = new Manifest(
            MediaTypes.OCI_MANIFEST,
            CONFIG,
            List.of(),
            Map.of("k", "v"),
            Optional.of(new Descriptor(MediaTypes.OCI_MANIFEST, SUBJECT, 1)),
            Optional.of(TYPE));

    private final FakeTime time = new FakeTime();
    private final ScriptedRegistry registry = new ScriptedRegistry();
    private final RegistryClient client = registry.client(time);

    ReferrersTest() throws IOException {}

    @AfterEach
    void close() {
        client.close();
        registry.close();
    }

    private static Descriptor referrer(int number, String type) {
        return new Descriptor(
                MediaTypes.OCI_MANIFEST,
                Digest.sha256(new byte[] {2, (byte) number, (byte) (number >> 8)}),
                number,
                Map.of("number", String.valueOf(number)),
                Optional.empty(),
                Optional.of(type));
    }

    private static MockResponse.Builder list(Descriptor... referrers) {
        return ScriptedRegistry.ok(index(referrers)).setHeader("Content-Type", MediaTypes.OCI_INDEX);
    }

    private static byte[] index(Descriptor... referrers) {
        String manifests = Stream.of(referrers)
                .map(referrer -> ManifestWriter.descriptor(referrer).toString())
                .collect(joining(","));
        return ("{\"schemaVersion\":2,\"mediaType\":\"" + MediaTypes.OCI_INDEX + "\",\"manifests\":[" + manifests
                        + "]}")
                .getBytes(UTF_8);
    }

    private List<Descriptor> referrers() throws RegistryException {
        return client.referrers(registry.image("v1"), SUBJECT, TYPE);
    }

    @Test
    void areAskedForByTheirType() throws Exception {
        registry.answers(list(referrer(1, TYPE), referrer(2, TYPE)).setHeader("OCI-Filters-Applied", "artifactType"));

        assertThat(referrers()).containsExactly(referrer(1, TYPE), referrer(2, TYPE));

        HttpUrl url = registry.request().getUrl();
        assertThat(url.encodedPath()).isEqualTo("/v2/team/app/referrers/" + SUBJECT);
        assertThat(url.queryParameter("artifactType")).isEqualTo(TYPE);
    }

    @Test
    void areFilteredIfTheRegistryDoesNot() throws Exception {
        registry.answers(list(referrer(1, "other"), referrer(2, TYPE), CONFIG));

        assertThat(referrers()).containsExactly(referrer(2, TYPE));
    }

    @Test
    void comeInPages() throws Exception {
        registry.answers(list(referrer(1, TYPE))
                        .setHeader("Link", "</elsewhere?last=1&artifactType=t>; rel=\"next\", <x>; rel=\"prev\""))
                .answers(list(referrer(2, TYPE)));

        assertThat(referrers()).containsExactly(referrer(1, TYPE), referrer(2, TYPE));

        registry.request();
        assertThat(registry.request().getTarget())
                .isEqualTo("/v2/team/app/referrers/" + SUBJECT + "?last=1&artifactType=t");
    }

    @Test
    void doNotComeInPagesForEver() throws Exception {
        registry.server().setDispatcher(new Dispatcher() {
            @Override
            public MockResponse dispatch(RecordedRequest request) {
                return list(referrer(1, TYPE))
                        .setHeader("Link", "<?page=" + registry.requests() + ">; rel=next")
                        .build();
            }
        });

        assertThat(referrers()).hasSize(16);
        assertThat(registry.requests()).isEqualTo(16);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "none",
            value = {
                "</a?n=1>; rel=\"next\" | n=1",
                "<http://other.example/a?n=1>; rel=next | n=1",
                "<?p=1>; rel=\"prev\", <?p=3>; title=\"a, b\"; REL=\"last next\" | p=3",
                "<?p=1>; rel=\"prev\" | none",
                "<?p=1>; rel=nextly | none",
                "</a>; rel=\"next\" | none",
                "?p=1; rel=\"next\" | none",
                "<?p=1 | none",
            })
    void linkToTheNextPageByItsQuery(String header, String query) {
        HttpUrl page = HttpUrl.get("https://registry.example/v2/x/referrers/y?p=2");

        assertThat(NextPage.query(page, header)).isEqualTo(Optional.ofNullable(query));
    }

    @ParameterizedTest
    @ValueSource(ints = {404, 405})
    void standUnderATagWhereThereIsNoApi(int status) throws Exception {
        registry.answers(ScriptedRegistry.status(status)).answers(list(referrer(1, TYPE), referrer(2, "other")));

        assertThat(referrers()).containsExactly(referrer(1, TYPE));

        registry.request();
        assertThat(registry.request().getTarget()).isEqualTo("/v2/team/app/manifests/" + TAG);
    }

    @Test
    void areNoneIfThereIsNeitherApiNorTag() throws Exception {
        registry.answers(ScriptedRegistry.status(404)).answers(ScriptedRegistry.status(404));

        assertThat(referrers()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "{}", "<html>", "{\"schemaVersion\":2,\"manifests\":[{}]}"})
    void areRefusedIfTheListIsNone(String body) {
        registry.answers(ScriptedRegistry.ok(body.getBytes(UTF_8)));

        assertThatThrownBy(this::referrers)
                .isInstanceOf(RegistryException.Protocol.class)
                .hasMessageStartingWith("Tried to list what refers to ");
    }

    @Test
    void areRefusedIfTheListIsTooLong() throws Exception {
        registry.answers(list(referrer(1, TYPE)));
        RegistryOptions little = RegistryOptions.defaults().withLimits(new RegistryOptions.Limits(100, 0, 5, 3));

        try (RegistryClient careful = registry.client(time, CredentialSource.anonymous(), little)) {
            assertThatThrownBy(() -> careful.referrers(registry.image("v1"), SUBJECT, TYPE))
                    .isInstanceOf(RegistryException.Protocol.class)
                    .hasMessageContaining("more than 100");
        }
    }

    @Test
    void areNotEnteredWhereTheRegistryDoesIt() throws Exception {
        registry.answers(ScriptedRegistry.status(201).setHeader("OCI-Subject", SUBJECT.toString()));

        assertThat(client.putManifest(registry.image("v1"), MediaTypes.OCI_MANIFEST, ABOUT.toJson()))
                .isTrue();

        assertThat(registry.requests()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "yes", "sha256:4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459b"})
    void areEnteredUnderTheTagWhereTheRegistryDoesNot(String subject) throws Exception {
        MockResponse.Builder stored = ScriptedRegistry.status(201);
        if (!subject.equals("none")) {
            stored.setHeader("OCI-Subject", subject.replace("4bf", "5bf"));
        }
        byte[] content = ABOUT.toJson();
        Descriptor entry = new Descriptor(
                MediaTypes.OCI_MANIFEST,
                Digest.sha256(content),
                content.length,
                Map.of("k", "v"),
                Optional.empty(),
                Optional.of(TYPE));
        registry.answers(stored)
                .answers(list(referrer(1, "other")))
                .answers(ScriptedRegistry.status(201))
                .answers(list(referrer(1, "other"), entry));

        assertThat(client.putManifest(
                        registry.image("v1").withDigest(Digest.sha256(content)), MediaTypes.OCI_MANIFEST, content))
                .isFalse();

        registry.request();
        registry.request();
        RecordedRequest put = registry.request();
        assertThat(put.getMethod() + " " + put.getTarget()).isEqualTo("PUT /v2/team/app/manifests/" + TAG);
        assertThat(put.getHeaders().get("Content-Type")).isEqualTo(MediaTypes.OCI_INDEX);
        assertThat(put.getBody()).isNotNull();
        assertThat(ImageIndex.parse(put.getBody().toByteArray(), MediaTypes.OCI_INDEX)
                        .manifests())
                .containsExactly(referrer(1, "other"), entry);
    }

    @Test
    void keepWhatOthersHaveWrittenToTheLastField() throws Exception {
        String foreign = "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"a/b\",\"digest\":\"" + SUBJECT
                + "\",\"size\":1,\"urls\":[\"x\"]}],\"more\":{\"a\":1}}";
        registry.answers(ScriptedRegistry.status(201))
                .answers(ScriptedRegistry.ok(foreign.getBytes(UTF_8)).setHeader("Content-Type", MediaTypes.OCI_INDEX))
                .answers(ScriptedRegistry.status(201))
                .answers(list(about()));

        client.putManifest(registry.image("v1"), MediaTypes.OCI_MANIFEST, ABOUT.toJson());

        registry.request();
        registry.request();
        assertThat(registry.request().getBody())
                .isNotNull()
                .extracting(body -> body.utf8())
                .asString()
                .contains(
                        "\"urls\":[\"x\"]",
                        "\"more\":{\"a\":1}",
                        Digest.sha256(ABOUT.toJson()).toString());
    }

    private static Descriptor about() {
        return new Descriptor(MediaTypes.OCI_MANIFEST, Digest.sha256(ABOUT.toJson()), ABOUT.toJson().length);
    }

    @Test
    void areEnteredAgainIfSomebodyElseHasOverwrittenTheList() throws Exception {
        registry.answers(ScriptedRegistry.status(201))
                .answers(ScriptedRegistry.status(404))
                .answers(ScriptedRegistry.status(201))
                .answers(list(referrer(1, TYPE)))
                .answers(ScriptedRegistry.status(201))
                .answers(list(referrer(1, TYPE), about()));

        client.putManifest(registry.image("v1"), MediaTypes.OCI_MANIFEST, ABOUT.toJson());

        assertThat(registry.requests()).isEqualTo(6);
    }

    @Test
    void areNotEnteredIntoATagThatIsSomethingElse() {
        registry.answers(ScriptedRegistry.status(201))
                .answers(ScriptedRegistry.ok(ABOUT.toJson()).setHeader("Content-Type", MediaTypes.OCI_MANIFEST));

        assertThatThrownBy(() -> client.putManifest(registry.image("v1"), MediaTypes.OCI_MANIFEST, ABOUT.toJson()))
                .isInstanceOf(RegistryException.Protocol.class)
                .hasMessageContaining("the tag holds something else");
        assertThat(registry.requests()).isEqualTo(2);
    }

    @Test
    void areTakenOutOfTheListBeforeTheyAreDeleted() throws Exception {
        registry.answers(ScriptedRegistry.ok(ABOUT.toJson()).setHeader("Content-Type", MediaTypes.OCI_MANIFEST))
                .answers(list(referrer(1, TYPE), about()))
                .answers(ScriptedRegistry.status(201))
                .answers(list(referrer(1, TYPE)))
                .answers(ScriptedRegistry.status(202));

        client.deleteManifest(registry.image("v1").withDigest(Digest.sha256(ABOUT.toJson())));

        registry.request();
        registry.request();
        RecordedRequest put = registry.request();
        assertThat(put.getBody()).isNotNull();
        assertThat(put.getBody().toByteArray()).isEqualTo(index(referrer(1, TYPE)));
        registry.request();
        assertThat(registry.request().getMethod()).isEqualTo("DELETE");
    }

    @Test
    void haveATagThatIsCutForLongDigests() {
        Digest sha512 = new Digest("sha512", "ab".repeat(64));

        assertThat(ReferrersTag.of(registry.image("v1"), sha512).tag()).contains("sha512-" + "ab".repeat(32));
    }

    @Test
    void areReadBackAsTheyWereWritten() throws Exception {
        assertThat(Manifest.parse(ABOUT.toJson(), MediaTypes.OCI_MANIFEST)).isEqualTo(ABOUT);
        assertThat(ImageIndex.parse(index(referrer(1, TYPE)), MediaTypes.OCI_INDEX)
                        .manifests())
                .containsExactly(referrer(1, TYPE));
    }
}
