package keyring

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/profullstack/meshhook/db"
)

// Pool is what sealing needs of a pool: a transaction of its own.
type Pool interface {
	db.DBTX
	Begin(ctx context.Context) (pgx.Tx, error)
}

// SetSecret seals the value and keeps it as the next version of the project's secret; answers that version. The rights are
// those of the pool's login.
func (r *Ring) SetSecret(ctx context.Context, pool Pool, project, name, value string) (int, error) {
	if err := r.checkValue(value); err != nil {
		return 0, err
	}
	for attempt := 1; ; attempt++ {
		version, err := r.setSecret(ctx, pool, project, name, value)
		if db.Code(err) == "MH_SECRET_RACE" && attempt < 5 {
			continue
		}
		return version, err
	}
}

func (r *Ring) setSecret(ctx context.Context, pool Pool, project, name, value string) (int, error) {
	var version int32
	err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		queries := db.New(tx)
		dek, key, plan, err := r.sealingKey(ctx, queries, project, name)
		if err != nil {
			return err
		}
		sealed := dek.aead.Seal(nil, nil, []byte(value), secretData(plan.ProjectID, name, plan.Version))
		version, err = queries.PutSecret(ctx, db.PutSecretParams{
			Project: project, Name: name, KeyID: key, Sealed: sealed, Version: plan.Version,
		})
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("set secret: %w", err)
	}
	return int(version), nil
}

// EndpointSecret is a signing secret to be added to an endpoint; nil bounds are open.
type EndpointSecret struct {
	Project    string // slug
	Endpoint   uuid.UUID
	Value      string
	ValidFrom  *time.Time
	ValidUntil *time.Time
}

// AddEndpointSecret seals a signing secret and adds it to its endpoint; answers its id and its fingerprint.
func (r *Ring) AddEndpointSecret(ctx context.Context, pool Pool, s EndpointSecret) (id uuid.UUID, fingerprint string, err error) {
	if err := r.checkValue(s.Value); err != nil {
		return uuid.Nil, "", err
	}
	err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		queries := db.New(tx)
		dek, key, plan, err := r.sealingKey(ctx, queries, s.Project, "")
		if err != nil {
			return err
		}
		if id, err = uuid.NewV7(); err != nil {
			return err
		}
		if fingerprint, err = r.fingerprint(s.Value); err != nil {
			return err
		}
		_, err = queries.AddEndpointSecret(ctx, db.AddEndpointSecretParams{
			Endpoint: s.Endpoint, ID: id, KeyID: key, Fingerprint: fingerprint,
			Sealed:    dek.aead.Seal(nil, nil, []byte(s.Value), endpointData(plan.ProjectID, s.Endpoint, id)),
			ValidFrom: s.ValidFrom, ValidUntil: s.ValidUntil,
		})
		return err
	})
	if err != nil {
		return uuid.Nil, "", fmt.Errorf("add endpoint secret: %w", err)
	}
	return id, fingerprint, nil
}

// sealingKey is the project's newest data key, or a new one when it has none or none of this KEK.
func (r *Ring) sealingKey(ctx context.Context, queries *db.Queries, project, name string) (dataKey, uuid.UUID, db.SealPlanRow, error) {
	plan, err := queries.SealPlan(ctx, project, name)
	if err != nil {
		return dataKey{}, uuid.Nil, plan, err
	}
	if plan.KeyID != "" && plan.Kek == r.kekID {
		id, err := uuid.Parse(plan.KeyID)
		if err != nil {
			return dataKey{}, uuid.Nil, plan, fmt.Errorf("read key id: %w", err)
		}
		dek, err := r.unwrap(id, plan.ProjectID, plan.Kek, plan.Wrapped)
		return dek, id, plan, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return dataKey{}, uuid.Nil, plan, fmt.Errorf("make key id: %w", err)
	}
	raw := randomKey()
	aead, err := newAEAD(raw)
	if err != nil {
		return dataKey{}, uuid.Nil, plan, fmt.Errorf("use data key: %w", err)
	}
	_, err = queries.AddDataKey(ctx, db.AddDataKeyParams{
		Project: project, ID: id, KekID: r.kekID, Wrapped: r.kek.Seal(nil, nil, raw, keyData(plan.ProjectID, id)),
	})
	return dataKey{aead: aead, project: plan.ProjectID}, id, plan, err
}

func (r *Ring) checkValue(value string) error {
	switch {
	case r.kek == nil:
		return ErrNoKEK
	case value == "":
		return errors.New("a secret may not be empty")
	case len(value) > maxSecret:
		return fmt.Errorf("a secret has at most %d bytes, this has %d", maxSecret, len(value))
	}
	return nil
}

// fingerprint tells two secrets apart without helping to guess one: it is keyed, unlike a plain hash.
func (r *Ring) fingerprint(value string) (string, error) {
	key, err := r.Derive("fingerprint")
	if err != nil {
		return "", err
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(value))
	return hex.EncodeToString(mac.Sum(nil)[:8]), nil
}
