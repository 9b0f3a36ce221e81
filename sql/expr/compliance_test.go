package expr_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"testing"

	"github.com/profullstack/meshhook/db/dbtest"
)

// exceptions are the cases in which MeshHook answers otherwise, by suite, file, group and case; each is explained in
// docs/expressions.md.
var exceptions = map[string]string{
	"official/literal.json/2/12":        `'\\' is one backslash in the community language`,
	"community/jep-12-literal.json/0/0": "a literal that is no JSON is a string (legacy form)",
	"community/jep-12-literal.json/0/1": "a literal that is no JSON is a string (legacy form)",
	"community/jep-12-literal.json/0/2": "a literal that is no JSON is a string (legacy form)",
	"community/jep-12-literal.json/0/3": "a literal that is no JSON is a string (legacy form)",
	"community/jep-12-literal.json/0/4": "a literal that is no JSON is a string (legacy form)",
	"community/jep-12-literal.json/0/5": "a literal that is no JSON is a string (legacy form)",
}

var errorCodes = map[string]string{
	"syntax":             "MH_EXPR_SYNTAX",
	"invalid-type":       "MH_EXPR_TYPE",
	"invalid-value":      "MH_EXPR_VALUE",
	"invalid-arity":      "MH_EXPR_ARITY",
	"unknown-function":   "MH_EXPR_UNKNOWN_FUNCTION",
	"undefined-variable": "MH_EXPR_UNDEFINED_VARIABLE",
	"not-a-number":       "MH_EXPR_NOT_A_NUMBER",
}

type complianceGroup struct {
	Given json.RawMessage `json:"given"`
	Cases []struct {
		Expression string          `json:"expression"`
		Result     json.RawMessage `json:"result"`
		Error      string          `json:"error"`
		Bench      string          `json:"bench"` // a case that only has to run
	} `json:"cases"`
}

// TestCompliance runs the published suites of both JMESPath languages where they are at hand.
func TestCompliance(t *testing.T) {
	root := filepath.Join("..", "..", "..", "shared", "jmespath")
	if _, err := os.Stat(root); errors.Is(err, fs.ErrNotExist) {
		t.Skipf("the JMESPath compliance suites are not at %s", root)
	}
	pool := open(t)
	for _, suite := range []string{"official", "community"} {
		t.Run(suite, func(t *testing.T) {
			files, err := filepath.Glob(filepath.Join(root, suite, "*.json"))
			if err != nil || len(files) == 0 {
				t.Fatalf("no files in %s: %v", suite, err)
			}
			sort.Strings(files)
			var total, passed, excepted int
			for _, file := range files {
				raw, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				var groups []complianceGroup
				if err := json.Unmarshal(raw, &groups); err != nil {
					t.Fatalf("%s: %v", file, err)
				}
				var expressions, documents, names []string
				for g, group := range groups {
					for c, one := range group.Cases {
						expressions = append(expressions, one.Expression)
						documents = append(documents, string(group.Given))
						names = append(names, fmt.Sprintf("%s/%s/%d/%d", suite, filepath.Base(file), g, c))
					}
				}
				answers, err := evaluate(t.Context(), pool, expressions, documents)
				if err != nil {
					t.Fatal(err)
				}
				i := 0
				for _, group := range groups {
					for _, one := range group.Cases {
						got := answers[i]
						good := got.State == "" && (one.Bench != "" || one.Error == "" && same(decode(t, got.Value), decode(t, orNull(one.Result))))
						if one.Error != "" {
							good = got.State == "MH422" && got.Code == errorCodes[one.Error]
						}
						total++
						_, exception := exceptions[names[i]]
						switch {
						case exception && good:
							t.Errorf("%s passes: it is no exception any more", names[i])
						case exception:
							excepted++
						case good:
							passed++
						default:
							t.Errorf("%s: %s gives %s %s %s, want %s%s", names[i], one.Expression, got.Value, got.Code, got.Text, one.Result, one.Error)
						}
						i++
					}
				}
			}
			dbtest.Report(t, "jmespath %s: %d of %d passed, %d exceptions", suite, passed, total, excepted)
		})
	}
}

func orNull(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return json.RawMessage("null")
	}
	return raw
}
