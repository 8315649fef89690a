"""bert whoami against a Hub on loopback."""
import case
from case import HubCase


class WhoAmI(HubCase):
    def test_user(self):
        out = self.good("whoami", HF_TOKEN="hf_right")
        self.assertEqual(out, "user          me (Me Myself)\norganizations lab, club\n"
                              "token         laptop, role write, of HF_TOKEN\n")
        result = self.good_json("whoami", HF_TOKEN="hf_right")
        self.assertEqual(result, {"name": "me", "full_name": "Me Myself", "organizations": ["lab", "club"],
                                  "token": {"name": "laptop", "role": "write", "source": "HF_TOKEN"}})
        self.assertNotIn("hf_right", out + self.messages)

    def test_stored_token(self):
        path = self.home / "hf" / "token"
        path.parent.mkdir(parents=True)
        path.write_text("hf_right\n")
        self.assertIn(f"of {path}", self.good("whoami"))
        path.write_text("hf_old\n")
        self.bad("whoami", says=(f"{path}: the Hub rejected the token", f"{self.hub.url}/settings/tokens",
                                 "Invalid user token."))

    def test_little_is_known(self):
        """An access token of an organization, or a mirror, answers less."""
        self.hub.identity = {"type": "org", "name": "lab"}
        self.assertEqual(self.good("whoami", HF_TOKEN="hf_right"),
                         "user          lab\norganizations none\ntoken         no name, role unknown, of HF_TOKEN\n")
        self.hub.identity = {"name": "me", "fullname": None, "orgs": [], "auth": {
            "accessToken": {"displayName": None, "role": "fineGrained"}}}
        self.assertIn("role fineGrained", self.good("whoami", HF_TOKEN="hf_right"))
        self.assertIsNone(self.good_json("whoami", HF_TOKEN="hf_right")["full_name"])

    def test_untrusted_answers(self):
        self.hub.identity = {"name": "me\x1b[2J", "orgs": [{"name": "a\nb"}]}
        self.assertIn("user          me?[2J\norganizations a?b\n", self.good("whoami", HF_TOKEN="hf_right"))
        for identity, says in (({}, '"name" is missing'), ([], "is an array"), ({"name": 3}, '"name"'),
                               ({"name": "me", "orgs": [{}]}, '"name" is missing'),
                               ({"name": "me", "orgs": [7]}, '"name"'),
                               ({"name": "me", "auth": {"accessToken": {"role": 1}}}, '"role"')):
            self.hub.identity = identity
            self.bad("whoami", HF_TOKEN="hf_right", says=("HF_TOKEN", says))

    def test_errors(self):
        self.bad("whoami", code=2, says=("there is no token", f"{self.hub.url}/settings/tokens", "HF_TOKEN"))
        self.bad("whoami", code=2, HF_TOKEN="hf_right", HF_HUB_OFFLINE="1", says="HF_HUB_OFFLINE")
        self.assertFalse(self.hub.seen())
        self.bad("whoami", HF_TOKEN="hf_wrong", says=("HF_TOKEN: the Hub rejected the token", "status 401"))
        self.bad("whoami", "--retries", "0", HF_TOKEN="hf_right", HF_ENDPOINT="http://127.0.0.1:9", says="127.0.0.1:9")
        self.bad("whoami", "me", HF_TOKEN="hf_right", code=2, says="takes options only")


if __name__ == "__main__":
    case.main()
