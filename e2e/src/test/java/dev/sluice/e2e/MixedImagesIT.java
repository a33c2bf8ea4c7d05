package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.e2e.image.Excuse;
import dev.sluice.e2e.image.FormsImage;
import dev.sluice.e2e.image.ImageForm;
import dev.sluice.e2e.image.ImageForms;
import dev.sluice.e2e.image.MixedImage;
import dev.sluice.e2e.image.RemoteManifest;
import dev.sluice.e2e.runtime.ClientProgram;
import dev.sluice.e2e.runtime.ContainerdClient;
import dev.sluice.e2e.runtime.ContainerdConfig;
import dev.sluice.e2e.runtime.CriClient;
import dev.sluice.e2e.runtime.NerdctlClient;
import dev.sluice.e2e.runtime.SluiceNode;
import dev.sluice.e2e.runtime.SluiceProcess;
import dev.sluice.e2e.tree.TreeDigest;
import dev.sluice.e2e.tree.TreeDigest.Difference;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Images whose layers lie in the registry in different forms, one of which only containerd can unpack. What a container sees is what it
 * sees of the plain image, whichever client has pulled it.
 */
@TestInstance(Lifecycle.PER_CLASS)
class MixedImagesIT {
    /** containerd takes such layers for gzip; Sluice leaves them to it. */
    private static final String UNKNOWN = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";

    private static final String TAR = "application/vnd.oci.image.layer.v1.tar";
    private static final String UNKNOWN_TAG = "unknown-media-type";

    private final FormsBed forms = FormsBed.of(FormsImage.PYTHON);
    /** Of all forms that have a layer for each layer of the image. */
    private final List<String> tags = new ArrayList<>();

    /** Those of them that containerd can unpack, too. */
    private final List<String> tars = new ArrayList<>();

    private final Set<Excuse> excuses = EnumSet.noneOf(Excuse.class);
    private final Set<String> configurations = new TreeSet<>();
    private final int layers;

    MixedImagesIT() throws IOException {
        layers = RemoteManifest.fetch(forms.plain()).layers().size();
        for (ImageForm form : ImageForms.all()) {
            if (!FormsBed.canMake(form)) {
                continue;
            }
            List<JsonNode> made = RemoteManifest.fetch(forms.make(form)).layers();
            if (made.size() == layers) {
                tags.add(form.name());
                excuses.addAll(form.excuses());
                configurations.add(form.configuration());
                if (made.get(0).path("mediaType").asText().startsWith(TAR)) {
                    tars.add(form.name());
                }
            }
        }
        assumeTrue(tags.size() > 3, "needs makers of some forms");
        MixedImage.pushAs(UNKNOWN, forms.repository(), "plain", UNKNOWN_TAG);
    }

    @AfterAll
    void stop() throws IOException {
        forms.close();
    }

    @ParameterizedTest
    @MethodSource("dev.sluice.e2e.Machine#backends")
    void allLayersAreSluices(String backend) throws IOException {
        SluiceNode node = node(ContainerdConfig.PLAIN, backend);
        for (int first = 0; first < tags.size(); first += layers) {
            String image = mixed("all-lazy-" + first, first, layers);

            node.client().pull(image, SluiceProcess.NAME);

            assertThat(hello(node.client(), image)).isEqualTo(forms.output());
            assertRight(node, node.client(), image, layers);
            FormsBed.remove(node, node.client(), image);
        }
    }

    /** containerd fetches what is above it, too. */
    @ParameterizedTest
    @MethodSource("dev.sluice.e2e.Machine#backends")
    void aLayerThatSluiceCannotReadIsContainerds(String backend) throws IOException {
        SluiceNode node = node(ContainerdConfig.PLAIN, backend);
        for (int unknown : new int[] {layers - 1, 1, 0}) {
            String image = mixed("unknown-" + unknown, unknown, unknown);

            node.client().pull(image, SluiceProcess.NAME);

            assertThat(hello(node.client(), image)).isEqualTo(forms.output());
            assertRight(node, node.client(), image, unknown);
            FormsBed.remove(node, node.client(), image);
        }
    }

    @Test
    void pulledByTheInstalledContainerdForAClientThatTellsWhichImageItIs() throws IOException {
        String image = mixed("labels", 1, layers - 1);
        SluiceNode node = forms.node(
                Machine.installedContainerd(), ContainerdConfig.PLAIN, Machine.firstBackend(), configuration());

        node.client().pullLazily(image, SluiceProcess.NAME);

        assertThat(hello(node.client(), image)).isEqualTo(forms.output());
        assertRight(node, node.client(), image, layers - 1);
    }

    @Test
    void pulledByAKubelet() throws IOException {
        Path program = Machine.client(ClientProgram.CRI);
        Machine.assumePrograms("umoci");
        String image = mixed("kubelet", 2, layers - 1);
        String sandbox = forms.registry().address() + "/pause:1";
        CriClient.publishSandbox(program, forms.bed().directory("p"), sandbox);
        SluiceNode node = node(ContainerdConfig.PLAIN.withCri(sandbox), Machine.firstBackend());
        CriClient kubelet = new CriClient(program, node.containerd().socket());

        kubelet.pull(image);

        assertThat(kubelet.run(image, forms.command()).stdout()).isEqualTo(forms.output());
        assertRight(node, node.client().inNamespace(CriClient.NAMESPACE), image, layers - 1);
    }

    @Test
    void pulledByNerdctl() throws IOException {
        Path program = Machine.client(ClientProgram.NERDCTL2);
        String image = mixed("nerdctl", 3, layers - 1);
        SluiceNode node = node(ContainerdConfig.PLAIN, Machine.firstBackend());
        NerdctlClient nerdctl = new NerdctlClient(
                program, node.containerd().socket(), forms.bed().directory("nerdctl"));

        nerdctl.pull(image);

        assertThat(nerdctl.run(image, forms.command()).stdout()).isEqualTo(forms.output());
        assertRight(node, node.client(), image, layers - 1);
    }

    /** They claim the same diff IDs for different blobs, so that containerd takes the layers of one for those of the other. */
    @ParameterizedTest
    @MethodSource("dev.sluice.e2e.Machine#backends")
    void formAfterFormOnOneNode(String backend) throws IOException {
        SluiceNode node = node(ContainerdConfig.PLAIN, backend);
        for (String tag : tags) {
            String image = forms.repository() + ":" + tag;

            node.client().pull(image, SluiceProcess.NAME);

            assertThat(hello(node.client(), image)).as(tag).isEqualTo(forms.output());
            TreeDigest tree = ImageTrees.view(
                    node.client(),
                    SluiceProcess.NAME,
                    image,
                    forms.bed().nested().directory());
            assertThat(differences(tree)).as(tag).isEmpty();
        }
    }

    /**
     * Pushes an image of which each layer has another form than the one below.
     *
     * @param first number of the form of the lowest layer
     * @param unknown number of the layer that has the media type that Sluice does not know, or the number of layers for none
     */
    private String mixed(String tag, int first, int unknown) throws IOException {
        List<String> picked = new ArrayList<>();
        for (int i = 0; i < layers; i++) {
            List<String> possible = i < unknown ? tags : tars;
            picked.add(i == unknown ? UNKNOWN_TAG : possible.get((first + i) % possible.size()));
        }
        System.out.println(tag + ": " + picked);
        MixedImage.push(forms.repository(), picked, tag);
        return forms.repository() + ":" + tag;
    }

    private SluiceNode node(ContainerdConfig containerd, String backend) throws IOException {
        return forms.node(Machine.newestContainerd(), containerd, backend, configuration());
    }

    private String configuration() {
        return configurations.stream().collect(Collectors.joining());
    }

    /**
     * An eStargz layer shows what eStargz keeps in its tar, as it does with overlayfs, when Sluice reads it as a plain one: because its table of
     * contents is in an image beside another image, or because images that disagree on it were settled by its diff ID.
     */
    private List<Difference> differences(TreeDigest tree) {
        return forms.differences(tree, excuses).stream()
                .filter(difference -> !Unpacking.isBookkeeping(difference))
                .toList();
    }

    private String hello(ContainerdClient client, String image) throws IOException {
        return client.run(image, SluiceProcess.NAME, "hello", forms.command()).stdout();
    }

    /** @param sluices how many layers, from the lowest one, Sluice has mounted; containerd has unpacked the others */
    private void assertRight(SluiceNode node, ContainerdClient client, String image, int sluices) throws IOException {
        RemoteManifest manifest = RemoteManifest.fetch(image);
        TreeDigest tree = ImageTrees.view(
                client, SluiceProcess.NAME, manifest, forms.bed().nested().directory());
        String content = client.command("content", "ls", "--quiet").run().stdout();

        assertThat(differences(tree)).isEmpty();
        List<String> digests = manifest.layers().stream()
                .map(layer -> layer.path("digest").asText())
                .toList();
        for (String digest : digests) {
            // A layer may be there twice, and so both ways.
            boolean fetched = digests.lastIndexOf(digest) >= sluices;
            assertThat(content.contains(digest))
                    .as(digest + " in containerd's content store")
                    .isEqualTo(fetched);
        }
        assertThat(node.sluice().log()).content().doesNotContain(" ERROR ");
    }
}
