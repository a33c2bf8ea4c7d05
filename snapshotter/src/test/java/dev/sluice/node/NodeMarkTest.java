package dev.sluice.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;

class NodeMarkTest {
    private static final String FRESH = "{'metadata':{'resourceVersion':'7','labels':{'zone':'a'}}}";
    private static final String READY =
            "{'metadata':{'resourceVersion':'7','labels':{'zone':'a','dev.sluice/ready':'true'}}}";
    private static final String TAINTED = "{'metadata':{'resourceVersion':'7'},'spec':{'taints':["
            + "{'key':'mine','effect':'NoExecute'},{'key':'dev.sluice/not-ready','effect':'NoSchedule'}]}}";

    private final ObjectMapper json = new ObjectMapper();

    @Test
    void aNodeThatIsReadyGetsTheLabel() throws Exception {
        assertPatch(FRESH, true, false, "{'metadata':{'labels':{'dev.sluice/ready':'true'},'resourceVersion':'7'}}");
    }

    @Test
    void aNodeThatIsNotLosesItAndIsTainted() throws Exception {
        assertPatch(
                READY,
                false,
                true,
                "{'metadata':{'labels':{'dev.sluice/ready':null},'resourceVersion':'7'},"
                        + "'spec':{'taints':[{'key':'dev.sluice/not-ready','effect':'NoSchedule'}]}}");
    }

    @Test
    void taintsOfOthersStay() throws Exception {
        assertPatch(
                TAINTED,
                true,
                false,
                "{'metadata':{'labels':{'dev.sluice/ready':'true'},'resourceVersion':'7'},"
                        + "'spec':{'taints':[{'key':'mine','effect':'NoExecute'}]}}");
    }

    @Test
    void aNodeThatSaysSoAlreadyIsLeftAlone() throws Exception {
        assertThat(NodeMark.patch(parse(READY), true, false)).isEmpty();
        assertThat(NodeMark.patch(parse(FRESH), false, false)).isEmpty();
        assertThat(NodeMark.patch(parse(TAINTED), false, true)).isEmpty();
    }

    private void assertPatch(String node, boolean label, boolean taint, String expected) throws Exception {
        assertThat(NodeMark.patch(parse(node), label, taint))
                .hasValue((com.fasterxml.jackson.databind.node.ObjectNode) parse(expected));
    }

    private JsonNode parse(String text) throws JsonProcessingException {
        return json.readTree(text.replace('\'', '"'));
    }
}
