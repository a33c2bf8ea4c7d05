package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.Poll;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.kubernetes.ControlPlane;
import dev.sluice.e2e.runtime.ClientProgram;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What lies in {@code deploy/kubernetes}, as a real API server takes it, and what it lets Sluice's pods do. */
@TestInstance(Lifecycle.PER_CLASS)
class KubernetesManifestsIT {
    private static final Path MANIFESTS = Path.of("../deploy/kubernetes");
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final String OWN = "own";
    private static final String OTHER = "other";

    private final TestBed bed;
    private final ControlPlane cluster;
    private final String token;

    KubernetesManifestsIT() throws IOException {
        Machine.assumePrograms("openssl");
        Path kubernetes = Machine.client(ClientProgram.KUBERNETES);
        bed = Machine.newTestBed();
        cluster = bed.add(ControlPlane.start(kubernetes, bed.directory("k"), List.of(OWN, OTHER)));
        for (String node : List.of(OWN, OTHER)) {
            apply("{apiVersion: v1, kind: Node, metadata: {name: " + node + ", labels: {zone: a}}}");
        }
        cluster.kubectl("apply", "--kustomize", MANIFESTS.resolve("base").toString())
                .run();
        token = tokenOfAPodOn(OWN);
    }

    @AfterAll
    void stop() throws IOException {
        bed.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"base", "overlays/example", "overlays/in-pod", "overlays/in-pod-remove", "remove"})
    void theApiServerTakesEachFieldOfEachManifest(String directory) throws IOException {
        Command.Result applied = cluster.kubectl(
                        "apply",
                        "--dry-run=server",
                        "--validate=strict",
                        "--kustomize",
                        MANIFESTS.resolve(directory).toString())
                .run();

        assertThat(applied.stdout()).contains("daemonset.apps/sluice").doesNotContain("Warning");
        assertThat(applied.stderr()).doesNotContainIgnoringCase("warning").doesNotContain("deprecated");
    }

    @Test
    void aPodMayLabelAndTaintItsOwnNode() throws IOException {
        assertThat(patch(OWN, "{\"metadata\":{\"labels\":{\"dev.sluice/ready\":\"true\"}}}")
                        .exitCode())
                .isZero();
        assertThat(patch(OWN, "{\"spec\":{\"taints\":[{\"key\":\"dev.sluice/not-ready\",\"effect\":\"NoSchedule\"}]}}")
                        .exitCode())
                .isZero();
    }

    @Test
    void aPodMayNotChangeAnotherNode() throws IOException {
        assertDenied(
                patch(OTHER, "{\"metadata\":{\"labels\":{\"dev.sluice/ready\":\"true\"}}}"),
                "only the node that they run on");
    }

    @Test
    void aPodMayNotChangeWhatIsNotSluices() throws IOException {
        assertDenied(patch(OWN, "{\"metadata\":{\"labels\":{\"zone\":\"b\"}}}"), "only labels");
        assertDenied(patch(OWN, "{\"metadata\":{\"labels\":{\"zone\":null}}}"), "only labels");
        assertDenied(
                patch(OWN, "{\"spec\":{\"taints\":[{\"key\":\"mine\",\"effect\":\"NoSchedule\"}]}}"), "only taints");
        assertDenied(patch(OWN, "{\"spec\":{\"unschedulable\":true}}"), "neither cordon");
    }

    @Test
    void aPodMayDoNothingElse() throws IOException {
        for (String[] question : new String[][] {
            {"list", "nodes"}, {"delete", "nodes"}, {"get", "secrets"}, {"list", "pods"}, {"create", "pods"}
        }) {
            Command.Result answer = cluster.kubectl("auth", "can-i", question[0], question[1])
                    .withArguments(
                            List.of("--namespace=sluice-system", "--as=system:serviceaccount:sluice-system:sluice"))
                    .runForResult();
            assertThat(answer.stdout().strip()).as(String.join(" ", question)).isEqualTo("no");
        }
    }

    private static void assertDenied(Command.Result result, String reason) {
        assertThat(result.exitCode()).isNotZero();
        assertThat(result.stderr()).contains(reason);
    }

    private Command.Result patch(String node, String patch) throws IOException {
        return cluster.kubectl("patch", "node", node, "--type=merge", "--patch", patch)
                .withArguments(List.of("--kubeconfig=" + anonymous(), "--token=" + token))
                .runForResult();
    }

    /** The cluster without any user, so that the token decides. */
    private Path anonymous() throws IOException {
        return cluster.kubeconfigWithoutUser();
    }

    /** What kubelet asks for when it starts a pod; the pod is bound, and never runs. */
    private String tokenOfAPodOn(String node) throws IOException {
        apply("""
                apiVersion: v1
                kind: Pod
                metadata: {name: bound, namespace: sluice-system}
                spec:
                  nodeName: %s
                  serviceAccountName: sluice
                  containers: [{name: none, image: none}]
                """.formatted(node));
        Command create = cluster.kubectl(
                "create",
                "token",
                "sluice",
                "--namespace=sluice-system",
                "--bound-object-kind=Pod",
                "--bound-object-name=bound",
                "--output=json");
        Poll.until(PATIENCE, () -> create.runForResult().exitCode() == 0);
        JsonNode created = new ObjectMapper().readTree(create.run().stdout());
        return created.path("status").path("token").asText();
    }

    private void apply(String manifest) throws IOException {
        cluster.apply(manifest);
    }
}
