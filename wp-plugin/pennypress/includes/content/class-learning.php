<?php
/**
 * Whether the service learns the site's content.
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

/**
 * Begins, goes on and ends, as the site's owner says.
 */
final class Learning {

	/** Settings that decide what is sent, and where to. */
	const DECIDING = array( 'service_url', 'site_key', 'learn_types', 'learn_exclude', 'learn_exclude_terms', 'learn_noindex', 'learn_menus' );

	/** Seconds that a person waits for the removal of everything. */
	const PATIENCE = 20;

	/**
	 * The owner wants the service to learn this site.
	 */
	public static function start() {
		Document_Table::create();
		$settings               = Settings::all();
		$settings['learn']      = true;
		$settings['learn_home'] = Settings::home();
		Settings::save( $settings );
		self::compare();
		Worker::plan_daily();
	}

	/**
	 * Compares now.
	 */
	public static function compare() {
		Delivery_State::try_again();
		Comparison::begin();
		Worker::go_on();
	}

	/**
	 * Nothing is sent any more. What the service has, it keeps.
	 */
	public static function stop() {
		$settings          = Settings::all();
		$settings['learn'] = false;
		Settings::save( $settings );
		Comparison::cancel();
		Worker::rest();
	}

	/**
	 * Nothing is sent any more, and what the service has goes.
	 *
	 * @return string What went wrong, for a person; empty if all is gone.
	 */
	public static function stop_and_remove() {
		self::stop();
		$until = microtime( true ) + self::PATIENCE;
		do {
			list( $page, $trouble ) = Content_Service::page( '' );
			if ( ! $trouble && $page['versions'] ) {
				foreach ( array_chunk( $page['versions'], 200, true ) as $some ) {
					list( , $trouble ) = Content_Service::send( self::deletions( $some ) );
				}
			}
			if ( $trouble ) {
				return $trouble->message;
			}
		} while ( $page['versions'] && microtime( true ) < $until );
		if ( $page['versions'] ) {
			return __( 'There is so much that it is not all removed yet. Press the button once more.', 'pennypress' );
		}
		Document_Table::drop();
		delete_option( Comparison::OPTION );
		delete_option( Delivery_State::OPTION );
		return '';
	}

	/**
	 * Settings were saved.
	 *
	 * @param array<string, mixed> $before What they were.
	 * @param array<string, mixed> $now    What they are.
	 */
	public static function settings_changed( array $before, array $now ) {
		if ( ! Settings::learns( $now ) ) {
			return;
		}
		Delivery_State::try_again(); // Perhaps the secret was wrong.
		foreach ( self::DECIDING as $name ) {
			if ( $before[ $name ] !== $now[ $name ] ) {
				self::compare();
				return;
			}
		}
	}

	/**
	 * The plugin is switched off: nothing is begun any more, and what is under way finds nothing more to do.
	 */
	public static function pause() {
		Comparison::cancel();
		Worker::rest();
	}

	/**
	 * The plugin is active again; meanwhile it saw nothing.
	 */
	public static function take_up() {
		if ( Settings::learns( Settings::all() ) ) {
			Comparison::begin_soon();
			Worker::plan_daily();
		}
	}

	/**
	 * In the admin: the daily comparison may have been lost with other events of WP-Cron, and the table with a backup that left it out.
	 */
	public static function look_after() {
		if ( ! Settings::learns( Settings::all() ) ) {
			return;
		}
		Worker::plan_daily();
		if ( ! Document_Table::is_there() ) {
			Comparison::begin_soon();
		}
	}

	/**
	 * The messages that documents are gone.
	 *
	 * @param array<int, int> $versions Post id => version.
	 * @return string[] JSON.
	 */
	private static function deletions( array $versions ) {
		$made = array();
		foreach ( $versions as $post_id => $version ) {
			$made[] = (string) wp_json_encode(
				array(
					'id'       => Post_Document::id( $post_id ),
					'deleted'  => true,
					'modified' => Content_Service::time( max( Document_Table::now(), $version + 1 ) ),
				)
			);
		}
		return $made;
	}
}
