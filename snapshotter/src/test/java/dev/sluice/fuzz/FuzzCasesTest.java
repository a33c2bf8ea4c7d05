package dev.sluice.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.sluice.credentials.DockerConfigFuzz;
import dev.sluice.credentials.HelperAnswerFuzz;
import dev.sluice.credentials.ProviderConfigFuzz;
import dev.sluice.credentials.ProviderResponseFuzz;
import dev.sluice.credentials.PullSecretFuzz;
import dev.sluice.daemon.ConfigFuzz;
import dev.sluice.erofs.ErofsFuzz;
import dev.sluice.fill.PresentFileFuzz;
import dev.sluice.image.ImageConfigFuzz;
import dev.sluice.index.IndexArtifactFuzz;
import dev.sluice.index.IndexKeyFuzz;
import dev.sluice.install.ContainerdConfigurationFuzz;
import dev.sluice.install.InstallFuzz;
import dev.sluice.kubernetes.ExecCredentialFuzz;
import dev.sluice.kubernetes.KubeconfigFuzz;
import dev.sluice.layer.SpanDecodersFuzz;
import dev.sluice.layer.SpanTableFuzz;
import dev.sluice.layer.erofs.ErofsIndexFuzz;
import dev.sluice.layer.estargz.FooterFuzz;
import dev.sluice.layer.nydus.BlobMetaFuzz;
import dev.sluice.layer.nydus.BootstrapFuzz;
import dev.sluice.layer.soci.ZtocFuzz;
import dev.sluice.layer.tar.GzipStreamFuzz;
import dev.sluice.layer.tar.TarFuzz;
import dev.sluice.layer.tar.TarIndexFuzz;
import dev.sluice.layer.tar.ZstdStreamFuzz;
import dev.sluice.layer.toc.TocFuzz;
import dev.sluice.layer.zstdchunked.ZstdChunkedFuzz;
import dev.sluice.linux.MountTableFuzz;
import dev.sluice.mount.ImageMountsFuzz;
import dev.sluice.mount.LayerRecordFuzz;
import dev.sluice.ondemand.cachefiles.MessageFuzz;
import dev.sluice.ondemand.fanotify.EventFuzz;
import dev.sluice.ondemand.fanotify.KeptEventsFuzz;
import dev.sluice.ondemand.fuse.ConnectionFileFuzz;
import dev.sluice.ondemand.fuse.KeptRequestsFuzz;
import dev.sluice.ondemand.fuse.RequestFuzz;
import dev.sluice.ondemand.keeper.CgroupFuzz;
import dev.sluice.ondemand.keeper.KeeperRecordFuzz;
import dev.sluice.registry.ChallengeFuzz;
import dev.sluice.registry.HostsFileFuzz;
import dev.sluice.registry.HttpHeadersFuzz;
import dev.sluice.registry.ImageIndexFuzz;
import dev.sluice.registry.ImageReferenceFuzz;
import dev.sluice.registry.ManifestFuzz;
import dev.sluice.registry.PemFuzz;
import dev.sluice.registry.PlatformFuzz;
import dev.sluice.registry.TokenAnswerFuzz;
import dev.sluice.snapshot.FilterFuzz;
import dev.sluice.snapshot.SnapshotJournalFuzz;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What e2e/fuzz begins with, and what it has found, in src/test/resources/fuzz: each case is handled as its target demands. */
class FuzzCasesTest {
    private static final Path CASES = Path.of("src/test/resources/fuzz");

    private static final Map<String, Target> TARGETS = Map.ofEntries(
            Map.entry("fanotify-event", EventFuzz::fuzzerTestOneInput),
            Map.entry("fuse-request", RequestFuzz::fuzzerTestOneInput),
            Map.entry("cachefiles-message", MessageFuzz::fuzzerTestOneInput),
            Map.entry("estargz-footer", FooterFuzz::fuzzerTestOneInput),
            Map.entry("toc", TocFuzz::fuzzerTestOneInput),
            Map.entry("zstd-chunked", ZstdChunkedFuzz::fuzzerTestOneInput),
            Map.entry("ztoc", ZtocFuzz::fuzzerTestOneInput),
            Map.entry("tar", TarFuzz::fuzzerTestOneInput),
            Map.entry("rafs-bootstrap", BootstrapFuzz::fuzzerTestOneInput),
            Map.entry("rafs-blob-meta", BlobMetaFuzz::fuzzerTestOneInput),
            Map.entry("tar-index", TarIndexFuzz::fuzzerTestOneInput),
            Map.entry("erofs", ErofsFuzz::fuzzerTestOneInput),
            Map.entry("erofs-index", ErofsIndexFuzz::fuzzerTestOneInput),
            Map.entry("containerd-filter", FilterFuzz::fuzzerTestOneInput),
            Map.entry("keeper-record", KeeperRecordFuzz::fuzzerTestOneInput),
            Map.entry("manifest", ManifestFuzz::fuzzerTestOneInput),
            Map.entry("image-index", ImageIndexFuzz::fuzzerTestOneInput),
            Map.entry("platform", PlatformFuzz::fuzzerTestOneInput),
            Map.entry("image-reference", ImageReferenceFuzz::fuzzerTestOneInput),
            Map.entry("www-authenticate", ChallengeFuzz::fuzzerTestOneInput),
            Map.entry("token-answer", TokenAnswerFuzz::fuzzerTestOneInput),
            Map.entry("http-headers", HttpHeadersFuzz::fuzzerTestOneInput),
            Map.entry("hosts-toml", HostsFileFuzz::fuzzerTestOneInput),
            Map.entry("pem", PemFuzz::fuzzerTestOneInput),
            Map.entry("image-config", ImageConfigFuzz::fuzzerTestOneInput),
            Map.entry("index-artifact", IndexArtifactFuzz::fuzzerTestOneInput),
            Map.entry("index-key", IndexKeyFuzz::fuzzerTestOneInput),
            Map.entry("config", ConfigFuzz::fuzzerTestOneInput),
            Map.entry("containerd-config", ContainerdConfigurationFuzz::fuzzerTestOneInput),
            Map.entry("install", InstallFuzz::fuzzerTestOneInput),
            Map.entry("docker-config", DockerConfigFuzz::fuzzerTestOneInput),
            Map.entry("helper-answer", HelperAnswerFuzz::fuzzerTestOneInput),
            Map.entry("pull-secret", PullSecretFuzz::fuzzerTestOneInput),
            Map.entry("provider-config", ProviderConfigFuzz::fuzzerTestOneInput),
            Map.entry("provider-response", ProviderResponseFuzz::fuzzerTestOneInput),
            Map.entry("kubeconfig", KubeconfigFuzz::fuzzerTestOneInput),
            Map.entry("exec-credential", ExecCredentialFuzz::fuzzerTestOneInput),
            Map.entry("decoders", SpanDecodersFuzz::fuzzerTestOneInput),
            Map.entry("gzip", GzipStreamFuzz::fuzzerTestOneInput),
            Map.entry("zstd", ZstdStreamFuzz::fuzzerTestOneInput),
            Map.entry("span-table", SpanTableFuzz::fuzzerTestOneInput),
            Map.entry("layer-record", LayerRecordFuzz::fuzzerTestOneInput),
            Map.entry("image-mounts", ImageMountsFuzz::fuzzerTestOneInput),
            Map.entry("present-file", PresentFileFuzz::fuzzerTestOneInput),
            Map.entry("snapshot-journal", SnapshotJournalFuzz::fuzzerTestOneInput),
            Map.entry("kept-events", KeptEventsFuzz::fuzzerTestOneInput),
            Map.entry("kept-requests", KeptRequestsFuzz::fuzzerTestOneInput),
            Map.entry("fuse-connection", ConnectionFileFuzz::fuzzerTestOneInput),
            Map.entry("mountinfo", MountTableFuzz::fuzzerTestOneInput),
            Map.entry("cgroup", CgroupFuzz::fuzzerTestOneInput));

    @FunctionalInterface
    private interface Target {
        void run(byte[] data) throws Exception;
    }

    @Test
    void theListOfTargetsIsWhatIsTestedHere() throws IOException {
        assertThat(Files.readAllLines(CASES.resolve("targets")).stream().map(line -> line.split(" ", -1)[0]))
                .containsExactlyInAnyOrderElementsOf(TARGETS.keySet());
    }

    @TestFactory
    Stream<DynamicTest> eachCase() {
        return TARGETS.entrySet().stream()
                .flatMap(target -> cases(target.getKey()).stream()
                        .map(file -> dynamicTest(
                                target.getKey() + " " + file.getFileName(),
                                () -> target.getValue().run(Files.readAllBytes(file)))));
    }

    private static List<Path> cases(String target) {
        try (Stream<Path> files = Files.list(CASES.resolve(target))) {
            return files.sorted().toList();
        } catch (IOException e) {
            throw new AssertionError("no cases of " + target, e);
        }
    }
}
